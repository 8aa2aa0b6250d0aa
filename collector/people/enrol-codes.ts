import { vietnamDay } from "#schemas/calendar.ts";
import { isClosedOn, MAIN_POINT, pointOf } from "#schemas/inventory.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { CODE_MS, hashOfCode, newEnrolCode } from "../auth/enrol-code.ts";
import { csv } from "../report/csv.ts";
import { oneAtATime } from "../store/advisory-locks.ts";
import { addEnrolCode, endOpenCodes } from "../store/agents.ts";
import type { Db } from "../store/db.ts";
import { type Enrolment, enrolmentOf, enrolments } from "../store/enrolment.ts";

/** A code that was just made, for a centre. It is shown once: its hash alone is kept. */
export type MadeCode = {
  readonly centre: { readonly code: string; readonly name: string };
  /** The reception point whose gateway PC it enrols. */
  readonly point: string;
  readonly code: string;
  /** Until when it counts, ms. */
  readonly untilMs: number;
};
export type MadeCodes = {
  readonly made: readonly MadeCode[];
  /** Centres without a gateway PC that got none, since a code of theirs is open. */
  readonly waiting: number;
};

/** A centre gets no code: it is closed from a Vietnam day on, or has as many open ones as it may. */
export class CodeRefused extends Error {
  override readonly name = "CodeRefused";
  readonly centre: string;
  readonly closedOn: string | undefined;
  constructor(centre: string, closedOn: string | undefined) {
    super(`no code for ${centre}: ${closedOn === undefined ? "too many are open" : `closed from ${closedOn} on`}`);
    this.centre = centre;
    this.closedOn = closedOn;
  }
}

/** For whom a code is: `isAnew` ends those of the centre that are open. */
export type CodeWish = { readonly centre: string; readonly point?: string | undefined; readonly isAnew: boolean };

/**
 * A code for the next gateway PC of a reception point, of the main office where none is named. Undefined when there is no such centre.
 * @throws CodeRefused
 */
export async function makeEnrolCode(db: Db, { centre, point, isAnew }: CodeWish, nowMs: number): Promise<MadeCode | undefined> {
  const enrolment = await enrolmentOf(db, centre, nowMs);
  return enrolment && giveCode(db, enrolment, pointOf({ point }), isAnew, nowMs);
}

/**
 * In the caller's transaction: a code for each centre that is not closed and of which no agent is let in: for those without an open code, or with `isAnew` for all, whose open ones end.
 * @throws CodeRefused
 */
export async function makeEnrolCodes(db: Db, isAnew: boolean, nowMs: number): Promise<MadeCodes> {
  // Of two people who ask at the same moment the second one has to see the first one's codes.
  await oneAtATime(db, "codes");
  const lacking = (await enrolments(db, nowMs)).filter(({ agents }) => agents.length === 0);
  const served = lacking.filter(({ openCodes }) => isAnew || openCodes === 0);
  const made: MadeCode[] = [];
  for (const enrolment of served) made.push(await giveCode(db, enrolment, MAIN_POINT, isAnew, nowMs));
  return { made, waiting: lacking.length - made.length };
}

/** Codes as a table for whoever hands them out, in the reader's language. */
export function codesCsv(lang: Lang, made: readonly MadeCode[]): string {
  const heads = [text(lang, "inventory.column.centre"), text(lang, "centres.column.name"), text(lang, "enrol.code")];
  return csv([heads, ...made.map(({ centre, code }) => [centre.code, centre.name, code])]);
}

async function giveCode(db: Db, { siteId, centre, closed }: Enrolment, point: string, isAnew: boolean, nowMs: number): Promise<MadeCode> {
  const [code, untilMs] = [newEnrolCode(), nowMs + CODE_MS];
  if (isAnew) await endOpenCodes(db, siteId, nowMs);
  if (await addEnrolCode(db, centre.code, hashOfCode(code) ?? "", nowMs, untilMs, point)) return { centre, point, code, untilMs };
  throw new CodeRefused(centre.code, isClosedOn(closed, vietnamDay(nowMs)) ? closed?.on : undefined);
}
