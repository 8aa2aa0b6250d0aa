import { vietnamDay } from "#schemas/calendar.ts";
import { partAt, pointsIn } from "#schemas/evaluate/points.ts";
import type { Expiry } from "#schemas/expiry.ts";
import type { Finding } from "#schemas/finding.ts";
import { MAIN_POINT } from "#schemas/inventory.ts";
import { findingSentence, sentenceAt } from "#schemas/text/finding-sentence.ts";
import { type Backing, type Book, type BookChanges, backingKey, type DigestClock, historyFromMs, type Place } from "../alert/book.ts";
import { subjectAt } from "../alert/incident-step.ts";
import { type Listening, listeningAt } from "../alert/listening.ts";
import { type Db, instantMs } from "./db.ts";
import { beginIncident, incidentsSince, writeIncident } from "./incidents.ts";
import { maintenanceFrom } from "./maintenance.ts";
import { heldLetters, markMerged, outboxState, putLetter, recentLetters } from "./outbox.ts";
import { pointContacts } from "./points.ts";
import { putSetting, setting } from "./settings.ts";
import { silenceTraces } from "./silence-traces.ts";
import { waiversFrom } from "./waivers.ts";

const CLOCK_KEY = "alert_digests";
/** The setting that says since when a collector listens: `Listening`. */
export const LISTENING_KEY = "listening";
const DAY_MS = 86_400_000;

/** Reads all that one step of the alerts looks at, and notes that somebody looks. `withExpiries`: only a digest needs them. */
export async function readBook(tx: Db, nowMs: number, withExpiries: (digest: DigestClock) => boolean): Promise<Book> {
  const digest = ((await setting(tx, CLOCK_KEY)) ?? {}) as DigestClock;
  const isDigest = withExpiries(digest);
  return {
    incidents: await incidentsSince(tx, historyFromMs(digest, nowMs)),
    places: await places(tx),
    backings: await backings(tx),
    contacts: await lastContacts(tx, vietnamDay(nowMs)),
    listeningSinceMs: await noteListening(tx, nowMs),
    traces: await silenceTraces(tx),
    windows: await maintenanceFrom(tx, vietnamDay(nowMs - DAY_MS)),
    recent: await recentLetters(tx, nowMs),
    held: await heldLetters(tx),
    deadSinceDigest: isDigest ? (await outboxState(tx, nowMs, digest.dailyMs)).deadSince : 0,
    expiries: isDigest ? await expiries(tx, vietnamDay(nowMs)) : [],
    unheard: isDigest ? await unheard(tx, vietnamDay(nowMs)) : [],
    digest,
  };
}

/** Notes that a collector listens; gives since when that was so without a break, ms. Whatever keeps the note from being written keeps observations out, too. */
async function noteListening(tx: Db, nowMs: number): Promise<number> {
  const listening = listeningAt((await setting(tx, LISTENING_KEY)) as Listening | undefined, nowMs);
  await putSetting(tx, LISTENING_KEY, listening);
  return listening.sinceMs;
}

/** Writes what a step changed, in the transaction that read its book. */
export async function writeBook(tx: Db, { begun, changed, letters, merged, digest }: BookChanges, nowMs: number): Promise<void> {
  for (const beginning of begun) await beginIncident(tx, beginning);
  for (const incident of changed) await writeIncident(tx, incident);
  for (const letter of letters) await putLetter(tx, letter, nowMs);
  await markMerged(tx, merged);
  if (digest) await putSetting(tx, CLOCK_KEY, digest);
}

/** All problems that stand or ended since, and the names of their centres. */
export async function problemsSince(db: Db, closedSinceMs: number): Promise<Pick<Book, "incidents" | "places">> {
  return { incidents: await incidentsSince(db, closedSinceMs), places: await places(db) };
}

/** Centres that a problem names, by their sites. */
async function places(tx: Db): Promise<ReadonlyMap<number, Place>> {
  const rows = await tx.query<{
    site_id: number;
    code: string;
    name: string;
    area: string | null;
    isp: string | null;
    contract: string | null;
    closed: string | null;
  }>(
    "SELECT site_id, centre_code AS code, name, district AS area, isp, contract_number AS contract, closed_on::text AS closed FROM site WHERE site_id IN (SELECT site_id FROM incident)",
  );
  return new Map(
    rows.map(({ site_id, code, name, area, isp, contract, closed }) => [
      site_id,
      {
        code,
        name,
        ...(area !== null && { area }),
        ...(isp !== null && { isp }),
        ...(contract !== null && { contractNumber: contract }),
        ...(closed !== null && { closedOn: closed }),
      },
    ]),
  );
}

/** The findings behind problems that have not ended, as messages need them. */
async function backings(tx: Db): Promise<ReadonlyMap<string, Backing>> {
  const rows = await tx.query<{ site_id: number; body: Finding }>(
    "SELECT f.site_id, f.body FROM finding f WHERE EXISTS (SELECT 1 FROM incident i WHERE i.site_id = f.site_id AND i.requirement = f.requirement AND i.state <> 'closed')",
  );
  return new Map(rows.map(({ site_id, body }) => [backingKey(site_id, body.requirement), backingOf(body)]));
}

function backingOf(finding: Finding): Backing {
  const isJudged = finding.state !== "error" && finding.state !== "not_applicable";
  const at = (point: string): [string, Pick<Backing, "why" | "failure">] => [
    subjectAt(point),
    { why: { vi: sentenceAt("vi", finding, point), en: sentenceAt("en", finding, point) }, ...failureOf(partAt(finding, point) ?? finding) },
  ];
  return {
    why: { vi: findingSentence("vi", finding), en: findingSentence("en", finding) },
    ...failureOf(finding),
    ...(isJudged && { points: new Map(pointsIn(finding).map(at)) }),
    waived: finding.waiver !== undefined,
  };
}

function failureOf({ state, reason, detail }: Pick<Finding, "state" | "reason" | "detail">): Pick<Backing, "failure"> {
  return state === "fail" ? { failure: { reason, ...(detail && { detail }) } } : {};
}

/**
 * Every site that was ever heard and is not closed on a Vietnam day, with the time of its last word; where it has several reception points with an agent that is
 * let in, or with declared devices, that of each.
 */
async function lastContacts(tx: Db, day: string): Promise<Book["contacts"]> {
  const rows = await tx.query<{ site_id: number; last: number; area: string | null }>(
    `SELECT site_id, ${instantMs("last_at")} AS last, district AS area FROM centre_contact JOIN site USING (site_id)
     WHERE closed_on IS NULL OR closed_on > ($1::text)::date ORDER BY site_id`,
    [day],
  );
  const points = Map.groupBy(await pointContacts(tx), ({ site_id }) => site_id);
  return rows.flatMap(({ site_id, last, area }) => {
    const own = points.get(site_id) ?? [{ point: MAIN_POINT, last }];
    return own.map((one) => ({ siteId: site_id, lastMs: one.last, ...(one.point !== MAIN_POINT && { point: one.point }), ...(area !== null && { area }) }));
  });
}

/** Where no portal is heard, at each reception point at which it is so, and since when the requirement is unknown; without what is waived. */
async function unheard(tx: Db, day: string): Promise<Book["unheard"]> {
  const rows = await tx.query<{ site_id: number; body: Finding; since: number }>(
    `SELECT f.site_id, f.body, ${instantMs("f.since")} AS since FROM finding f
     WHERE f.reason = 'unheard' AND NOT EXISTS (
       SELECT FROM waiver w WHERE w.site_id = f.site_id AND w.requirement = f.requirement AND ($1::text)::date BETWEEN w.from_day AND w.until_day AND NOT w.body ? 'withdrawn')
     ORDER BY f.since, f.site_id, f.requirement`,
    [day],
  );
  return rows.flatMap(({ site_id, body, since }) => {
    const told = { siteId: site_id, requirement: body.requirement, sinceMs: since };
    const points = pointsIn(body).filter((point) => partAt(body, point)?.reason === "unheard");
    return points.length === 0 ? [told] : points.map((point) => ({ ...told, point }));
  });
}

/** What was allowed or attested and ends: waivers, and passes that rest on people's words. */
async function expiries(tx: Db, day: string): Promise<Expiry[]> {
  const attested = await tx.query<{ code: string; name: string; requirement: string; until: number }>(
    `SELECT s.centre_code AS code, s.name, f.requirement, ${instantMs("f.valid_until")} AS until FROM finding f JOIN site s USING (site_id)
     WHERE f.state = 'pass' AND f.valid_until IS NOT NULL AND f.body ->> 'evidenceClass' IN ('declared', 'inspected')`,
  );
  const allowed = await waiversFrom(tx, day);
  return [
    ...attested.map(
      ({ code, name, requirement, until }): Expiry => ({ kind: "attestation", centre: code, centreName: name, requirement, until: vietnamDay(until) }),
    ),
    ...allowed
      .filter(({ withdrawn }) => withdrawn === undefined)
      .map(({ centre, requirement, until }): Expiry => ({ kind: "waiver", centre, requirement, until })),
  ];
}
