import { type Calendar, isWorkingTime, vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import { median } from "#schemas/evaluate/judgement.ts";
import { excuseThatHolds } from "#schemas/evaluate/rules/floor.ts";
import type { Run } from "#schemas/facts.ts";
import type { Finding } from "#schemas/finding.ts";
import { type Centre, MAIN_POINT } from "#schemas/inventory.ts";
import { carriedOf, testEvidence } from "#schemas/link-evidence.ts";
import { readingOf } from "#schemas/observation.ts";
import type { FloorRule, PolicyProfile } from "#schemas/policy.ts";

const DAY_MS = 86_400_000;

/** One bandwidth test as a provider reads it. Rates in Mbps on the wire, round trips in ms. */
export type LinkTest = {
  readonly ref: string;
  readonly atMs: number;
  readonly inHours: boolean;
  readonly server: string;
  readonly downMbps: number | undefined;
  readonly upMbps: number | undefined;
  /** The interval that the download's rate lies in. */
  readonly lowMbps: number | undefined;
  readonly highMbps: number | undefined;
  /** Why the result does not count, as the rule reads it. */
  readonly excuse: string | undefined;
  readonly streams: number | undefined;
  readonly megabytes: number | undefined;
  readonly idleRttMs: number | undefined;
  readonly loadedRttMs: number | undefined;
  readonly lossPercent: number | undefined;
  readonly nicMbps: number | undefined;
  readonly medium: string | undefined;
  readonly foreignMbps: number | undefined;
  /** Of a full-length test only: how long the download carried, s, and whether its rate fell for good meanwhile. */
  readonly carriedS: number | undefined;
  readonly fell: boolean | undefined;
};

/** Tests of the working hours, or of the rest of the day. */
export type LinkTally = { readonly tests: number; readonly excused: number; readonly below: number; readonly medianMbps: number | undefined };

export type LinkEvidence = {
  /** The tests are simulated, and every form of the sheet says so. */
  readonly demo: boolean;
  readonly centre: Pick<Centre, "code" | "name" | "isp" | "contractMbps" | "contractNumber">;
  /** The reception point whose line it is; absent at the main office, whose contract is the centre's. */
  readonly point?: string;
  readonly policy: Pick<PolicyProfile, "id" | "version" | "title" | "source">;
  readonly requirement: string;
  readonly rule: FloorRule;
  readonly firstDay: string;
  readonly lastDay: string;
  readonly finding: Pick<Finding, "state" | "reason"> | undefined;
  /** Vietnam days on which nobody judged the line, and of which nothing was learnt since; absent when there are none. */
  readonly notJudged?: readonly string[];
  readonly inHours: LinkTally;
  readonly quiet: LinkTally;
  /** Tests that gave no number, by reason. */
  readonly notMeasured: Readonly<Record<string, number>>;
  readonly tests: readonly LinkTest[];
};

export type LinkEvidenceSource = {
  readonly demo: boolean;
  readonly centre: LinkEvidence["centre"];
  readonly point?: string;
  readonly policy: PolicyProfile;
  readonly calendar: Calendar;
  readonly findings: readonly Finding[];
  readonly runs: readonly Run[];
  readonly notJudged: readonly string[];
  readonly firstDay: string;
  readonly lastDay: string;
};

/**
 * Pure. All that a provider needs to check what its line was held to: every test of the days asked for, also the excused and the failed ones.
 * undefined when the policy has no floor for the line.
 */
export function buildLinkEvidence({
  demo,
  centre,
  point = MAIN_POINT,
  policy,
  calendar,
  findings,
  runs,
  notJudged,
  firstDay,
  lastDay,
}: LinkEvidenceSource): LinkEvidence | undefined {
  const requirement = linkRequirement(policy);
  if (!requirement) return undefined;
  const { rule } = requirement;
  const tests = runs.flatMap((run) => testOf(run, calendar, rule.floor));
  const whole = findings.find((one) => one.requirement === requirement.id);
  const finding = whole?.parts ? whole.parts.find((part) => part.point === point) : whole;
  const { code, name, isp, contractMbps, contractNumber } = centre;
  const contract = {
    ...(isp !== undefined && { isp }),
    ...(contractMbps !== undefined && { contractMbps }),
    ...(contractNumber !== undefined && { contractNumber }),
  };
  return {
    demo,
    centre: { code, name, ...(point === MAIN_POINT && contract) },
    ...(point !== MAIN_POINT && { point }),
    policy: { id: policy.id, version: policy.version, title: policy.title, source: policy.source },
    requirement: requirement.id,
    rule,
    firstDay,
    lastDay,
    finding: finding && { state: finding.state, reason: finding.reason },
    ...(notJudged.length > 0 && { notJudged }),
    inHours: tallyOf(
      tests.filter(({ inHours }) => inHours),
      rule.floor,
    ),
    quiet: tallyOf(
      tests.filter(({ inHours }) => !inHours),
      rule.floor,
    ),
    notMeasured: countBy(runs.flatMap(({ outcome }) => (outcome.kind === "measured" ? [] : [outcome.reason]))),
    tests,
  };
}

/** The requirement that puts a floor under the line. */
export function linkRequirement({ requirements }: PolicyProfile): { readonly id: string; readonly rule: FloorRule } | undefined {
  for (const { id, rule } of requirements) if (rule.kind === "floor" && rule.probe === "link-bandwidth") return { id, rule };
  return undefined;
}

/** First and last instant of a span of Vietnam days, ms; the second one is excluded. */
export function spanOfDays(firstDay: string, lastDay: string): { fromMs: number; toMs: number } {
  return { fromMs: vietnamDayStartMs(firstDay), toMs: vietnamDayStartMs(lastDay) + DAY_MS };
}

/** The last `count` Vietnam days until now. */
export function daysUntil(nowMs: number, count: number): { firstDay: string; lastDay: string } {
  return { firstDay: vietnamDay(nowMs - (count - 1) * DAY_MS), lastDay: vietnamDay(nowMs) };
}

function testOf({ ref, atMs, outcome }: Run, calendar: Calendar, floor: number): LinkTest[] {
  if (outcome.kind !== "measured") return [];
  const { readings, excuse } = outcome;
  const told = testEvidence(outcome.evidence);
  const { download, nic } = told;
  const carried = carriedOf(told);
  const downMbps = readingOf(readings, "download_mbps");
  const bytes = readings.filter(({ metric }) => metric === "bandwidth_test_bytes").reduce((sum, { value }) => sum + value, 0);
  return [
    {
      ref,
      atMs,
      inHours: isWorkingTime(calendar, atMs),
      server: readings.find(({ metric }) => metric === "download_mbps")?.labels?.server ?? "",
      downMbps,
      upMbps: readingOf(readings, "upload_mbps"),
      lowMbps: download?.lowMbps,
      highMbps: download?.highMbps,
      excuse: excuseThatHolds(excuse, downMbps !== undefined && downMbps >= floor),
      streams: download?.streams,
      megabytes: bytes === 0 ? undefined : bytes / 1e6,
      idleRttMs: readingOf(readings, "idle_rtt_ms"),
      loadedRttMs: readingOf(readings, "loaded_rtt_ms", { direction: "download" }),
      lossPercent: download?.lossPercent,
      nicMbps: nic?.speedMbps,
      medium: nic?.medium,
      foreignMbps: download?.foreignMbps,
      carriedS: carried?.carriedS,
      fell: carried?.fell,
    },
  ];
}

/** An excused test counts as a test, and as one below the floor never. */
function tallyOf(tests: readonly LinkTest[], floor: number): LinkTally {
  const counted = tests.filter(({ excuse, downMbps }) => downMbps !== undefined && excuse === undefined);
  return {
    tests: tests.length,
    excused: tests.length - counted.length,
    below: counted.filter(({ downMbps }) => downMbps !== undefined && downMbps < floor).length,
    medianMbps: counted.length === 0 ? undefined : median(counted.map(({ downMbps = 0 }) => downMbps)),
  };
}

function countBy(words: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(words, (word) => word)].map(([word, all]) => [word, all.length] as const).sort(([a], [b]) => (a < b ? -1 : 1)));
}
