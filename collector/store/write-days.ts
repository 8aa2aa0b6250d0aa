import type { Calendar } from "#schemas/calendar.ts";
import { pagesIn, peaksIn, presenceIn } from "#schemas/evaluate/daily-facts.ts";
import type { DailyPages, DailyPeak, Presence } from "#schemas/facts.ts";
import { DeviceRole } from "#schemas/inventory.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Part } from "./flush-part.ts";
import type { DayWord, KnownDays } from "./known-days.ts";
import type { RunRow } from "./received.ts";

type Row<Fact> = Fact & DayWord & { readonly knownMs: number };

/** What runs tell of days that the database may not know yet: which devices answered, each day's peaks, and the counters with which printers began it. */
export class DayNews {
  readonly #known: KnownDays;
  readonly #presence = new Map<string, Row<Presence>>();
  readonly #peaks = new Map<string, Row<DailyPeak>>();
  readonly #pages = new Map<string, Row<DailyPages>>();

  constructor(known: KnownDays, calendar: Calendar, runs: readonly RunRow[]) {
    this.#known = known;
    for (const { siteId, receivedMs: knownMs, observation, takenMs } of runs) {
      const { outcome } = observation;
      const add = <Fact>(rows: Map<string, Row<Fact>>, fact: Fact, name: string, rank: number, instant = "") => {
        const word = { siteId, name, rank };
        const place = `${siteId} ${name}${instant}`;
        if (known.isNews(word) && rank <= (rows.get(place)?.rank ?? rank)) rows.set(place, { ...fact, ...word, knownMs });
      };
      for (const fact of presenceIn(outcome, takenMs)) add(this.#presence, fact, `seen ${fact.day} ${fact.device}`, roleRanks[fact.role]);
      // Values that change within a day are kept by the instant at which they became known.
      for (const fact of peaksIn(outcome, takenMs, calendar)) add(this.#peaks, fact, `peak ${fact.day} ${fact.metric}`, -fact.value, ` ${knownMs}`);
      for (const fact of pagesIn(outcome, takenMs)) add(this.#pages, fact, `pages ${fact.day} ${fact.device}`, fact.pages, ` ${knownMs}`);
    }
  }

  parts(): Part[] {
    return [
      presencePart(inOrder(this.#presence)),
      valuesPart("add_peaks", inOrder(this.#peaks), ({ metric }) => metric, ({ value }) => value), // biome-ignore format: one line
      valuesPart("add_pages", inOrder(this.#pages), ({ device }) => device, ({ pages }) => pages), // biome-ignore format: one line
    ];
  }

  /** They are committed. */
  keep(): void {
    for (const rows of [this.#presence, this.#peaks, this.#pages]) this.#known.keep(rows.values());
  }
}

/** Of two roles of a device on one day the first of the alphabet counts, in whatever order they arrive. */
const roleRanks = Object.fromEntries([...DeviceRole.options].sort().map((role, rank) => [role, rank])) as Record<DeviceRole, number>;

/** One order for all writers, so that two of them cannot wait for each other. */
function inOrder<Fact>(rows: ReadonlyMap<string, Fact>): Fact[] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

function presencePart(rows: readonly Row<Presence>[]): Part {
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

/** A value of a day by name, and since when it is known. */
function valuesPart<Fact extends { readonly day: string }>(
  call: string,
  rows: readonly Row<Fact>[],
  name: (fact: Fact) => string,
  value: (fact: Fact) => number,
): Part {
  return {
    call,
    types: ["int4[]", "text[]", "text[]", "float8[]", "float8[]"],
    lists: [
      numbersLiteral(rows.map(({ siteId }) => siteId)),
      textsLiteral(rows.map(name)),
      textsLiteral(rows.map(({ day }) => day)),
      numbersLiteral(rows.map(value)),
      numbersLiteral(rows.map(({ knownMs }) => knownMs)),
    ],
  };
}
