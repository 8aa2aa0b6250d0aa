import type { Calendar } from "#schemas/calendar.ts";
import { peaksIn, presenceIn } from "#schemas/evaluate/daily-facts.ts";
import type { DailyPeak, Presence } from "#schemas/facts.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Part } from "./flush-part.ts";
import type { RunRow } from "./received.ts";

type Known = { readonly siteId: number; readonly knownMs: number };
type SeenDay = Presence & Known;
type PeakDay = DailyPeak & Known;

/** Which devices answered on which day, and each day's peaks. */
export function daysParts(calendar: Calendar, runs: readonly RunRow[]): Part[] {
  const seen = new Map<string, SeenDay>();
  const peaks = new Map<string, PeakDay>();
  for (const { siteId, receivedMs, observation, takenMs } of runs) {
    for (const presence of presenceIn(observation.outcome, takenMs)) {
      const key = `${siteId} ${presence.day} ${presence.device}`;
      // Of two roles on one day the same one counts in whatever order they arrive.
      if (presence.role <= (seen.get(key)?.role ?? presence.role)) seen.set(key, { siteId, ...presence, knownMs: receivedMs });
    }
    for (const peak of peaksIn(observation.outcome, takenMs, calendar)) {
      const key = `${siteId} ${peak.metric} ${peak.day} ${receivedMs}`;
      if (peak.value >= (peaks.get(key)?.value ?? Number.NEGATIVE_INFINITY)) peaks.set(key, { siteId, ...peak, knownMs: receivedMs });
    }
  }
  return [presencePart(inOrder(seen)), peaksPart(inOrder(peaks))];
}

/** One order for all writers, so that two of them cannot wait for each other. */
function inOrder<Row>(rows: ReadonlyMap<string, Row>): Row[] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

function presencePart(rows: readonly SeenDay[]): Part {
  return {
    call: "add_presence",
    types: ["int4[]", "text[]", "text[]", "text[]", "float8[]"],
    lists: [
      numbersLiteral(rows.map(({ siteId }) => siteId)),
      ...(["device", "role", "day"] as const).map((column) => textsLiteral(rows.map((row) => row[column]))),
      numbersLiteral(rows.map(({ knownMs }) => knownMs)),
    ],
  };
}

function peaksPart(rows: readonly PeakDay[]): Part {
  return {
    call: "add_peaks",
    types: ["int4[]", "text[]", "text[]", "float8[]", "float8[]"],
    lists: [
      numbersLiteral(rows.map(({ siteId }) => siteId)),
      textsLiteral(rows.map(({ metric }) => metric)),
      textsLiteral(rows.map(({ day }) => day)),
      numbersLiteral(rows.map(({ value }) => value)),
      numbersLiteral(rows.map(({ knownMs }) => knownMs)),
    ],
  };
}
