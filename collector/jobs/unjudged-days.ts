import { dayAfter, daysBetween, endOfDayMs, vietnamDay } from "#schemas/calendar.ts";
import type { Finding, Transition } from "#schemas/finding.ts";
import { type PolicyProfile, restsOnWords } from "#schemas/policy.ts";
import { ConfigError } from "../config.ts";
import type { PolicyAt, PolicyInForce } from "../policy-book.ts";
import type { Db } from "../store/db.ts";
import { firstJudgedDay, judgedDays } from "../store/judged-days.ts";
import { sitesAsOf } from "../store/site-versions.ts";
import type { DayChange } from "../web/daily-states.ts";
import { type DayWord, fillUnjudged, type UnjudgedDay } from "./fill-unjudged.ts";
import { type PastJudgement, pastJudgements } from "./past-findings.ts";

type Words = ReadonlyMap<string, DayWord>;
/** Days that were judged afterwards, by centre and day: a page that is looked at again and again need not have the same past judged each time. */
export type Afterwards = Map<string, { readonly askedMs: number; readonly words: Words }>;
type Judging = { readonly db: Db; readonly policyAt: PolicyAt; readonly afterwards?: Afterwards };

/** What agents send late shows on pages after this time at the latest. */
const AFTERWARDS_MS = 600_000;
/** A month of each of 135 centres; what is beyond it begins anew. */
const AFTERWARDS_MAX = 4_000;

/** Vietnam days, both included, by what was known at `knownMs`, of the centres that are named. */
export type DaySpan = {
  readonly firstDay: string;
  readonly lastDay: string;
  readonly nowMs: number;
  readonly knownMs: number;
  readonly only: readonly string[];
};

/**
 * What the days on which nobody judged bring into a history, for `withFills`; nothing where all were judged, and of the time before such days were noted.
 * `changes` are oldest first, with the last ones before the span. A day that is over is judged once more as of its last instant, by what became known since. That
 * counts for what rests on declarations, for what does not apply, and for what is measured where the centre's agent told something of that very day; all else of it
 * is not judged. A pass that was still valid is none there: whether the centre was there at all, nobody knows.
 */
export async function unjudgedDays(judging: Judging, changes: readonly Transition[], span: DaySpan): Promise<DayChange[]> {
  const missing = await missingDays(judging.db, changes, span);
  const days = [...missing].flatMap(([centre, own]) => own.map(({ day }) => ({ centre, day })));
  const words = await wordsOfDays(judging, days, span);
  const unjudged = [...missing].map(
    ([centre, own]) => [centre, own.map((one): UnjudgedDay => ({ ...one, afterwards: words.get(`${centre} ${one.day}`) ?? new Map() }))] as const,
  );
  return fillUnjudged(changes, new Map(unjudged));
}

/** What each of these days says of its centre, by `<centre> <day>`. */
async function wordsOfDays(judging: Judging, days: readonly { centre: string; day: string }[], span: DaySpan): Promise<ReadonlyMap<string, Words>> {
  const words = new Map<string, Words>();
  const isFresh = (askedMs: number) => askedMs <= span.nowMs && span.nowMs - askedMs < AFTERWARDS_MS;
  const asked: { centre: string; day: string }[] = [];
  for (const one of days) {
    const known = judging.afterwards?.get(`${one.centre} ${one.day}`);
    if (known && isFresh(known.askedMs)) words.set(`${one.centre} ${one.day}`, known.words);
    else asked.push(one);
  }
  for (const [day, own] of Map.groupBy(asked, (one) => one.day))
    for (const [centre, said] of await judgedAfterwards(
      judging,
      day,
      own.map(({ centre }) => centre),
      span,
    ))
      words.set(`${centre} ${day}`, said);
  if (judging.afterwards) keep(judging.afterwards, asked, words, span.nowMs);
  return words;
}

function keep(afterwards: Afterwards, asked: readonly { centre: string; day: string }[], words: ReadonlyMap<string, Words>, askedMs: number): void {
  if (afterwards.size + asked.length > AFTERWARDS_MAX) afterwards.clear();
  for (const { centre, day } of asked) {
    const own = words.get(`${centre} ${day}`);
    if (own) afterwards.set(`${centre} ${day}`, { askedMs, words: own });
  }
}

/** The days of the span without a judgement, of each centre that has a history. */
async function missingDays(
  db: Db,
  changes: readonly Transition[],
  { firstDay, lastDay, only }: DaySpan,
): Promise<ReadonlyMap<string, readonly Omit<UnjudgedDay, "afterwards">[]>> {
  const noted = await firstJudgedDay(db);
  if (noted === undefined || noted > lastDay) return new Map();
  const rows = await judgedDays(db, firstDay, dayAfter(lastDay), only);
  const judged = new Map([...Map.groupBy(rows, (row) => row.centre)].map(([code, own]) => [code, new Map(own.map(({ day, firstMs }) => [day, firstMs]))]));
  const days = daysBetween(noted > firstDay ? noted : firstDay, lastDay);
  const missingOf = (code: string) =>
    days.filter((day) => !judged.get(code)?.has(day)).map((day) => ({ day, resumedMs: judged.get(code)?.get(dayAfter(day)) }));
  const codes = new Set(changes.map((change) => change.centre));
  return new Map([...codes].map((code) => [code, missingOf(code)] as const).filter(([, own]) => own.length > 0));
}

/** What the evidence of a day says of some centres, by code and requirement. Of a day that is not over it says nothing: the judge will. */
async function judgedAfterwards(
  { db, policyAt }: Judging,
  day: string,
  codes: readonly string[],
  { nowMs, knownMs }: DaySpan,
): Promise<ReadonlyMap<string, Words>> {
  const atMs = endOfDayMs(day);
  if (atMs >= nowMs) return new Map();
  const sites = await sitesAsOf(db, day, knownMs, { only: codes });
  const codeOf = new Map(sites.map(({ siteId, centre }) => [siteId, centre.code]));
  const inForce = readable(policyAt, atMs, knownMs);
  if (!inForce) return new Map();
  const judgements = await pastJudgements(db, inForce, { atMs, knownMs }, sites);
  return new Map(judgements.map((one) => [codeOf.get(one.siteId) ?? "", wordsOf(one, inForce.policy, day)]));
}

/** The policy of a day; undefined where an older program recorded it in a form that this one cannot read: then nobody can judge by it any more. */
export function readable(policyAt: PolicyAt, atMs: number, knownMs: number): PolicyInForce | undefined {
  try {
    return policyAt(atMs, knownMs);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function wordsOf({ findings, lastContactMs }: PastJudgement, { requirements }: PolicyProfile, day: string): Words {
  const wasHeard = lastContactMs !== undefined && vietnamDay(lastContactMs) === day;
  const declared = new Set(requirements.filter(({ rule }) => restsOnWords(rule)).map(({ id }) => id));
  const isKnown = ({ requirement, state }: Finding) => wasHeard || state === "not_applicable" || declared.has(requirement);
  return new Map(findings.filter(isKnown).map(({ requirement, state, reason }) => [requirement, { to: state, reason }]));
}
