import { vietnamDay } from "#schemas/calendar.ts";
import { isClosedOn, MAIN_POINT, pointOf } from "#schemas/inventory.ts";
import { pointWord } from "#schemas/text/point-word.ts";
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
  /** No device and no PC of the centre names that point yet: it may be mistyped. */
  readonly isNewPoint: boolean;
  readonly code: string;
  /** Until when it counts, ms. */
  readonly untilMs: number;
};
export type MadeCodes = {
  readonly made: readonly MadeCode[];
  /** Reception points without a gateway PC that got none, since a code of theirs is open. */
  readonly waiting: number;
};

/** A reception point gets no code: its centre is closed from a Vietnam day on, or it has as many open ones as it may. */
export class CodeRefused extends Error {
  override readonly name = "CodeRefused";
  readonly centre: string;
  readonly point: string;
  readonly closedOn: string | undefined;
  constructor(centre: string, point: string, closedOn: string | undefined) {
    super(`no code for ${centre} (${point}): ${closedOn === undefined ? "too many are open" : `closed from ${closedOn} on`}`);
    this.centre = centre;
    this.point = point;
    this.closedOn = closedOn;
  }
}

/** For whom a code is: `isAnew` ends those of the reception point that are open. */
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
 * In the caller's transaction: a code for each reception point of a centre that is not closed at which no agent is let in: for those without an open code, or with `isAnew` for all, whose open ones end.
 * @throws CodeRefused
 */
export async function makeEnrolCodes(db: Db, isAnew: boolean, nowMs: number): Promise<MadeCodes> {
  // Of two people who ask at the same moment the second one has to see the first one's codes.
  await oneAtATime(db, "codes");
  const lacking = (await enrolments(db, nowMs)).flatMap((centre) => centre.points.flatMap((one) => (one.isEnrolled ? [] : { centre, ...one })));
  const served = lacking.filter(({ openCodes }) => isAnew || openCodes === 0);
  const made: MadeCode[] = [];
  for (const { centre, point } of served) made.push(await giveCode(db, centre, point, isAnew, nowMs));
  return { made, waiting: lacking.length - made.length };
}

/** Codes as a table for whoever hands them out, in the reader's language. */
export function codesCsv(lang: Lang, made: readonly MadeCode[]): string {
  const heads = [text(lang, "inventory.column.centre"), text(lang, "centres.column.name"), text(lang, "inventory.column.point"), text(lang, "enrol.code")];
  const placeOf = (point: string) => (point === MAIN_POINT ? pointWord(lang, point) : point);
  return csv([heads, ...made.map(({ centre, point, code }) => [centre.code, centre.name, placeOf(point), code])]);
}

async function giveCode(db: Db, { siteId, centre, closed, points }: Enrolment, point: string, isAnew: boolean, nowMs: number): Promise<MadeCode> {
  const [code, untilMs] = [newEnrolCode(), nowMs + CODE_MS];
  if (isAnew) await endOpenCodes(db, siteId, point, nowMs);
  const isNewPoint = point !== MAIN_POINT && !points.some((one) => one.point === point);
  if (await addEnrolCode(db, centre.code, hashOfCode(code) ?? "", nowMs, untilMs, point)) return { centre, point, isNewPoint, code, untilMs };
  throw new CodeRefused(centre.code, point, isClosedOn(closed, vietnamDay(nowMs)) ? closed?.on : undefined);
}
