import type { Outcome } from "#schemas/observation.ts";
import { readingOf } from "#schemas/observation.ts";
import { LabSession } from "../lab/lab-session.ts";
import { type Line, plainLine } from "../lab/line-lab.ts";

export type Direction = "download" | "upload";
export const bothDirections: readonly Direction[] = ["download", "upload"];

/** One run's answer in one direction, flattened for tables. */
export type Answer = {
  readonly mbps: number;
  readonly verdict: string;
  readonly excuse: string;
  readonly seconds: number;
  readonly megabytes: number;
  readonly hostBusy: number;
};

/** Reads one direction of an outcome; a run that measured nothing has its reason as the verdict. */
export function answerOf(outcome: Outcome, direction: Direction): Answer {
  if (outcome.kind !== "measured") return { mbps: Number.NaN, verdict: outcome.reason, excuse: "", seconds: 0, megabytes: 0, hostBusy: 0 };
  const evidence = outcome.evidence as unknown as Record<Direction, { verdict?: string; leans?: string; elapsedMs: number; bytes: number }> & {
    load: { host: number };
  };
  const { verdict = "none", leans = "", elapsedMs, bytes } = evidence[direction];
  return {
    mbps: readingOf(outcome.readings, `${direction}_mbps`) ?? Number.NaN,
    verdict: verdict === "borderline" ? `borderline, leans ${leans}` : verdict,
    excuse: outcome.excuse ?? "",
    seconds: elapsedMs / 1000,
    megabytes: bytes / 1e6,
    hostBusy: evidence.load.host,
  };
}

/** Opens a lab for a line, hands it to `use`, and removes it whatever happens. */
export async function withLab<Result>(line: Partial<Line>, use: (session: LabSession) => Promise<Result>): Promise<Result> {
  const session = await LabSession.open({ ...plainLine, ...line });
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** How many of each word, as `pass 5, fail 1`. */
export function tally(words: readonly string[]): string {
  const counts = Map.groupBy(words, (word) => word);
  return [...counts].map(([word, all]) => `${word} ${all.length}`).join(", ");
}
