import { loadPolicy } from "../../collector/policy-files.ts";
import { evaluate } from "../../schemas/evaluate/evaluate.ts";
import type { Facts, Run } from "../../schemas/facts.ts";
import { type PolicyProfile, restsOnWords } from "../../schemas/policy.ts";
import { facts, MINUTE, measured, NOW, seen, speed } from "../support/facts.ts";

export type JudgeBench = {
  readonly centres: number;
  readonly requirements: number;
  readonly findings: number;
  readonly runsPerCentre: number;
  readonly cpuSeconds: number;
  readonly rssMegabytes: number;
};

const CENTRES = 3_300;
const REQUIREMENTS = 31;
const WORKING_DAYS = ["2026-11-27", "2026-11-26", "2026-11-25", "2026-11-24", "2026-11-23"];

/**
 * Judges 31 requirements at each of 3,300 centres from scratch, in memory on one core: facts of a full working hour and a week of speed tests each.
 * The plan in force has fewer that software can judge; its measured ones stand twice until there are 31, which is the dear way to fill up.
 */
export function benchJudge(): JudgeBench {
  const policy = withRequirements(loadPolicy("gia-lai-890", NOW).policy, REQUIREMENTS);
  const all = Array.from({ length: CENTRES }, (_, at) => factsOfCentre(at));
  const before = process.cpuUsage();
  let findings = 0;
  for (const one of all) findings += evaluate(policy, one, NOW).length;
  const { user, system } = process.cpuUsage(before);
  return {
    centres: CENTRES,
    requirements: policy.requirements.length,
    findings,
    runsPerCentre: all[0]?.runs.length ?? 0,
    cpuSeconds: (user + system) / 1e6,
    rssMegabytes: Math.round(process.memoryUsage.rss() / 1e6),
  };
}

function withRequirements(policy: PolicyProfile, count: number): PolicyProfile {
  const measured = policy.requirements.filter(({ rule }) => !restsOnWords(rule));
  const more = Array.from({ length: count - policy.requirements.length }, (_, at) => ({ ...measured[at % measured.length], id: `R${70 + at}` }));
  return { ...policy, requirements: [...policy.requirements, ...(more as typeof measured)] };
}

function factsOfCentre(at: number): Facts {
  const asked = (target: string): Run[] =>
    Array.from({ length: 12 }, (_, run) => {
      const labels = { portal: target };
      return measured(
        "portal-http",
        run * 5 * MINUTE,
        [
          { metric: "portal_up", value: 1, labels },
          { metric: "portal_status", value: 200, labels },
        ],
        { target },
      );
    });
  const cameras = Array.from({ length: 4 }, (_, run) =>
    measured(
      "camera-presence",
      run * 30 * MINUTE,
      Array.from({ length: 8 }, (_, camera) => ({ metric: "camera_up" as const, value: 1, labels: { camera: `cam-${camera}` } })),
    ),
  );
  const wifi = measured("wifi-clients", 5 * MINUTE, [
    { metric: "wifi_clients", value: 12 },
    { metric: "wifi_radios", value: 4 },
  ]);
  return facts({
    centre: { code: `xa-${at + 1}`, officers: 5 + (at % 5) },
    runs: [
      ...asked("vnpt-igate"),
      ...asked("dvc-quoc-gia"),
      ...cameras,
      wifi,
      ...[1, 2, 3, 4, 5].map((day) => speed(150 + (at % 100), day, day % 2 ? "s1" : "s2")),
    ],
    presence: Array.from({ length: 8 }, (_, pc) => seen(`pc-${pc}`, "officer-pc", WORKING_DAYS)).flat(),
  });
}
