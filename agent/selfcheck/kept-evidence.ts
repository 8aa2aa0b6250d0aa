import type { Assignment } from "#schemas/agent-config.ts";
import { maxAgeMs } from "#schemas/evaluate/needs.ts";
import { type PolicyProfile, restsOnWords } from "#schemas/policy.ts";
import { intervalMs } from "../schedule.ts";
import { type CheckLine, type Phrase, phrase } from "./result.ts";

/** Where no rule says how long a run counts, it counts for so many intervals of its probe. */
const INTERVALS = 3;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** For how long a run of the assignment says how things are, ms: by the strictest rule that looks at its probe. */
export function countsForMs({ requirements }: PolicyProfile, assignment: Pick<Assignment, "probe" | "everyS">): number {
  const ages = requirements.flatMap(({ rule }) => (restsOnWords(rule) || rule.probe !== assignment.probe ? [] : (maxAgeMs(rule) ?? [])));
  return ages.length > 0 ? Math.min(...ages) : INTERVALS * intervalMs(assignment);
}

/** A line that rests on a run that the spool kept: what it said, with its age; once the run counts no more, unknown, and `hint` says how to get a new one. */
export function keptLine(line: CheckLine, takenAt: string, { countsMs, nowMs, hint }: { countsMs: number; nowMs: number; hint: Phrase }): CheckLine {
  const ageMs = Math.max(0, nowMs - Date.parse(takenAt));
  const ageS = Math.round(ageMs / 1_000);
  if (ageMs <= countsMs) return { ...line, ageS };
  const { measured, required, unit, detail = { vi: "-", en: "-" } } = line;
  const stale = phrase("selfcheck.detail.stale", { limit: spanOf(countsMs), said: detail });
  return {
    state: "unknown",
    detail: stale,
    hint,
    ageS,
    ...(measured !== undefined && { measured }),
    ...(required !== undefined && { required }),
    ...(unit !== undefined && { unit }),
  };
}

function spanOf(ms: number): Phrase {
  if (ms < HOUR_MS) return phrase("selfcheck.span.minutes", { n: ms / MINUTE_MS });
  return ms < 2 * DAY_MS ? phrase("selfcheck.span.hours", { n: ms / HOUR_MS }) : phrase("selfcheck.span.days", { n: ms / DAY_MS });
}
