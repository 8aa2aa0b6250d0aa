import type { Attestation, Waiver } from "#schemas/attestation.ts";
import { vietnamDay } from "#schemas/calendar.ts";
import type { PolicyProfile, Requirement } from "#schemas/policy.ts";
import type { CentreProfile } from "./profile.ts";
import { chance, whole } from "./seeded.ts";
import type { Story } from "./story.ts";

const DAY_MS = 86_400_000;
const director = "Giám đốc Trung tâm (mô phỏng)";
const inspector = "Đoàn kiểm tra của tỉnh (mô phỏng)";

/** What the centres' directors and the inspectors of the simulated province say, in order of time. Most say it, some forget an item, a few say no. */
export function demoAttestations(story: Story, province: readonly CentreProfile[], policy: PolicyProfile): readonly Attestation[] {
  return province
    .flatMap((profile) => policy.requirements.flatMap((requirement) => [...itemsOf(story, profile, requirement), ...numberOf(story, profile, requirement)]))
    .sort((a, b) => (a.at < b.at ? -1 : 1));
}

function itemsOf(story: Story, profile: CentreProfile, { id, rule, owner }: Requirement): Attestation[] {
  if (rule.kind !== "attested") return [];
  const { code } = profile.centre;
  const keys = [story.seed, code, id] as const;
  // An inspection reaches a third of the centres; everything else is declared nearly everywhere.
  const visited = chance(0.3, story.seed, code, "inspection");
  if (owner === "province-office" ? !visited : chance(0.08, ...keys, "forgot")) return [];
  const atMs = momentOf(story, ...keys);
  return rule.items
    .filter((item) => !chance(0.03, ...keys, item.id, "forgot"))
    .map((item) => ({
      ...said(story, profile, atMs, visited && atMs % 2 === 0),
      id: `demo-${code}-${id.toLowerCase()}-${item.id}`.slice(0, 40),
      requirement: id,
      item: item.id,
      holds: !chance(0.03, ...keys, item.id, "no"),
    }));
}

/** The number that a centre declares beside a measured requirement: its contract, its machines. */
function numberOf(story: Story, profile: CentreProfile, { id, rule, declared }: Requirement): Attestation[] {
  if (!declared || chance(0.35, story.seed, profile.centre.code, id, "silent")) return [];
  const value = declaredValue(profile, rule);
  if (value === undefined) return [];
  const atMs = momentOf(story, story.seed, profile.centre.code, id);
  return [{ ...said(story, profile, atMs, false), id: `demo-${profile.centre.code}-${id.toLowerCase()}`, requirement: id, holds: true, value }];
}

function declaredValue({ centre, wifi }: CentreProfile, rule: Requirement["rule"]): number | undefined {
  if (rule.kind === "floor") return centre.contractMbps;
  if (rule.kind === "capacity") return wifi.accessPoints.length * wifi.limitPerRadio;
  if (rule.kind === "count") return centre.devices.filter(({ role }) => rule.roles.includes(role)).length;
  return undefined;
}

function said(story: Story, profile: CentreProfile, atMs: number, inspected: boolean) {
  const { code } = profile.centre;
  return {
    centre: code,
    by: inspected ? inspector : director,
    inspector: inspected,
    document: `BB-${whole(10, 99, story.seed, code, "paper")}/2026 (mô phỏng)`,
    at: new Date(atMs).toISOString(),
  };
}

/** Some morning of the first three weeks of the history. */
function momentOf(story: Story, ...keys: readonly (string | number)[]): number {
  const days = Math.max(1, Math.floor((story.anchorMs - story.startMs) / DAY_MS) - 3);
  return story.startMs + whole(0, Math.min(20, days), ...keys, "day") * DAY_MS + 8 * 3_600_000 + whole(0, 3_000_000, ...keys, "moment");
}

/** Documented exceptions: the first slow lines wait for a new contract, the first young recorders for their thirty days. */
export function demoWaivers(story: Story, province: readonly CentreProfile[], policy: PolicyProfile): readonly Waiver[] {
  const slow = province.filter(({ line }) => line.kind === "slow").slice(0, 3);
  const young = province.filter(({ recording }) => recording.kind === "young").slice(0, 2);
  return policy.requirements.flatMap(({ id, rule }) => {
    if (rule.kind === "floor") return slow.map((profile) => waiverOf(story, profile, id, "Chờ nhà mạng nâng cấp đường truyền (mô phỏng)"));
    if (rule.kind === "depth") return young.map((profile) => waiverOf(story, profile, id, "Đầu ghi mới lắp, chưa đủ thời gian (mô phỏng)"));
    return [];
  });
}

function waiverOf(story: Story, { centre }: CentreProfile, requirement: string, reason: string): Waiver {
  const from = vietnamDay(story.anchorMs - 12 * DAY_MS);
  return {
    id: `demo-${centre.code}-${requirement.toLowerCase()}`,
    centre: centre.code,
    requirement,
    reason,
    document: "CV-12/SKHCN (mô phỏng)",
    approver: "Sở KH&CN (mô phỏng)",
    from,
    until: vietnamDay(story.anchorMs + 75 * DAY_MS),
  };
}
