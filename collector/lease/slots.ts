import { vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import { MAIN_POINT } from "#schemas/inventory.ts";
import type { leaseRefusals } from "#schemas/measure.ts";
import { atOnce, atOncePerIsp, type LeaseRules, type LeaseServer, type SlotWindow } from "./lease-rules.ts";

/** A lease as it was granted. `usedBytes` is absent until the agent handed it back. */
export type GrantedLease = {
  readonly id: string;
  readonly agent: string;
  readonly site: string;
  readonly isp: string;
  readonly server: string;
  readonly grantedMs: number;
  readonly expiresMs: number;
  readonly bytesMax: number;
  /** Of a full-length test only. */
  readonly passMs?: number;
  readonly returnedMs?: number;
  readonly usedBytes?: number;
};

/** A line by its name: the centre's code for that of its main office, and with the reception point for another, which has turns and data of its own. */
export function lineName(centre: string, point: string): string {
  return point === MAIN_POINT ? centre : `${centre}/${point}`;
}

/** The centre and the reception point of a line. */
export function placeOfLine(name: string): { readonly centre: string; readonly point: string } {
  const [centre = "", point = MAIN_POINT] = name.split("/");
  return { centre, point };
}

/** Who asks, from which line. `isp` is empty when nobody declared it; such sites share one provider. */
export type Asker = { readonly agent: string; readonly site: string; readonly isp: string };

/** An agent as one that asks for a lease. The provider that a centre declares is that of its main office's line; of another point's line nobody declares one. */
export function askerOf({
  agentId,
  centre,
  point,
  isp,
}: {
  readonly agentId: string;
  readonly centre: string;
  readonly point: string;
  readonly isp: string;
}): Asker {
  return { agent: agentId, site: lineName(centre, point), isp: point === MAIN_POINT ? isp : "" };
}

/** What is known when somebody asks. */
export type SlotState = {
  /** Leases of this server that hold a slot now. */
  readonly holding: readonly GrantedLease[];
  /** The site's last grant on any server that was not handed back unused: a line that was busy, or a server that was away, leaves the turn open. */
  readonly lastGrantMs: number | undefined;
  /** The server of that one. */
  readonly lastServer: string | undefined;
  /** The site's last full-length test that was not handed back unused; where there is none, its first test. */
  readonly fullSinceMs: number | undefined;
  /** What the site's last full-length test used; undefined where none was handed back. */
  readonly fullBytes: number | undefined;
  /** Bytes of the site since the month began. */
  readonly monthBytes: number;
};

/** What one test may do. */
type Allowance = { readonly bytesMax: number; readonly capMs: number; readonly passMs?: number };

export type SlotDecision =
  | (Allowance & { readonly granted: true; readonly expiresMs: number })
  | { readonly granted: false; readonly reason: (typeof leaseRefusals)[number]; readonly retryAfterS: number };

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Nobody waits longer before asking again: rules may change meanwhile. */
const RETRY_S_MAX = 6 * 3_600;

/**
 * Pure. May this site test now? Its turn comes once per window at its own phase; a turn that was missed (the PC was off) stays open
 * until the next one, so no gap outgrows a day by more than the wait for a free slot. `asksFull`: the agent wants a full-length test or none.
 */
export function decideSlot(asker: Asker, state: SlotState, server: LeaseServer, rules: LeaseRules, nowMs: number, asksFull = false): SlotDecision {
  const turn = turnOf(asker.site, rules, nowMs);
  const spread = phase(`${asker.site}/${Math.floor(nowMs / 1000)}`);
  if (state.lastGrantMs !== undefined && state.lastGrantMs >= turn.lastMs) {
    return { granted: false, reason: "not_due", retryAfterS: retryAtNextTurnS(asker.site, rules, nowMs) };
  }
  const allowed = asksFull
    ? askedFullLength(asker.site, state, server, rules, nowMs)
    : (weeklyFullLength(asker.site, state, rules, nowMs) ?? shortTest(asker.site, state, rules, nowMs));
  if (allowed === undefined) return { granted: false, reason: "budget", retryAfterS: retryAtNextTurnS(asker.site, rules, nowMs) };
  const isFull = state.holding.length >= atOnce(server, rules);
  const isIspFull = state.holding.filter(({ isp }) => isp === asker.isp).length >= atOncePerIsp(server, rules);
  if (isFull || isIspFull) {
    const isLate = state.lastGrantMs !== undefined && nowMs - state.lastGrantMs > rules.gapMaxMs / 2;
    // Those who waited long ask again sooner, and so come first.
    return { granted: false, reason: "full", retryAfterS: Math.ceil(isLate ? 2 + spread * 8 : 5 + spread * 55) };
  }
  return { granted: true, ...allowed, expiresMs: nowMs + (allowed.passMs === undefined ? rules.holdMs : rules.fullLength.holdMs) };
}

/** How long a site waits that has to ask again at its next turn, s. */
export function retryAtNextTurnS(site: string, rules: LeaseRules, nowMs: number): number {
  return seconds(Math.min(turnOf(site, rules, nowMs).nextMs - nowMs, RETRY_S_MAX * 1000));
}

/** The site's latest turn until now and its next one, ms since the epoch. Every site has one turn in each window of each Vietnam day. */
export function turnOf(site: string, { windows }: LeaseRules, nowMs: number): { readonly lastMs: number; readonly nextMs: number } {
  const today = vietnamDayStartMs(vietnamDay(nowMs));
  const share = phase(site);
  const turns = [today - DAY_MS, today, today + DAY_MS].flatMap((day) =>
    windows.map(({ fromMinute, toMinute }) => day + Math.floor((fromMinute + share * (toMinute - fromMinute)) * MINUTE_MS)),
  );
  return { lastMs: Math.max(...turns.filter((turn) => turn <= nowMs)), nextMs: Math.min(...turns.filter((turn) => turn > nowMs)) };
}

/**
 * A short test; undefined when the month's data is needed for one on each day that is left. The day's first may use the reserve. What full-length tests
 * will need is kept back from all but the first of a day: without one on most days nothing would be fresh.
 */
function shortTest(site: string, state: SlotState, rules: LeaseRules, nowMs: number): Allowance | undefined {
  const { testBytes, capMs, fullLength } = rules;
  const isFirstOfDay = state.lastGrantMs === undefined || vietnamDay(state.lastGrantMs) !== vietnamDay(nowMs);
  const affordable = rules.monthBytesMax - state.monthBytes - (daysLeftInMonth(nowMs) - (isFirstOfDay ? 1 : 0)) * testBytes.min;
  const free = affordable - fullLengthTestsLeft(site, state, rules, nowMs) * fullLength.bytes.max;
  if (affordable < testBytes.min || (free < testBytes.min && !isFirstOfDay)) return undefined;
  const bytesMax = Math.min(testBytes.max, Math.max(testBytes.min, free));
  return { bytesMax, capMs: bytesMax < testBytes.usual ? capMs.short : capMs.full };
}

/** The week's full-length test, when it is due, disturbs little, and leaves one short test for each other day of the month. */
function weeklyFullLength(site: string, state: SlotState, rules: LeaseRules, nowMs: number): Allowance | undefined {
  const { lastMs } = fullLengthTurnOf(site, rules, nowMs);
  if (!isFullLengthDue(state, lastMs)) return undefined;
  if (isWithin(rules.fullLength.busyHours, nowMs) && nowMs - lastMs < rules.fullLength.patienceMs) return undefined;
  return fullLength(rules, rules.monthBytesMax - state.monthBytes - (daysLeftInMonth(nowMs) - 1) * rules.testBytes.min);
}

/**
 * A full-length test that the agent asks for: at each turn while one in every `sparseMs` of the rest of the month can be paid for (twice over
 * when it is the same server's turn again), else that often, or as often as can be. There is no short one in its place: on such a line that would pass.
 */
function askedFullLength(site: string, state: SlotState, server: LeaseServer, rules: LeaseRules, nowMs: number): Allowance | undefined {
  const { bytes, sparseMs } = rules.fullLength;
  const { lastGrantMs, lastServer, monthBytes, fullBytes } = state;
  const usual = fullBytes ?? bytes.usual;
  const leftBytes = rules.monthBytesMax - monthBytes;
  const neededBytes = ((daysLeftInMonth(nowMs) * DAY_MS) / sparseMs) * usual;
  // What the same server says twice confirms little: that takes data in plenty.
  const isSpare = leftBytes - usual >= neededBytes * (server.id === lastServer ? 2 : 1);
  const waitMs = isSpare ? 0 : sparseMs * Math.max(1, Math.round(neededBytes / Math.max(1, leftBytes)));
  // By the turn and not by the hour of asking: a turn that is kept open belongs to the server that it fell to.
  return lastGrantMs === undefined || turnOf(site, rules, nowMs).lastMs - lastGrantMs >= waitMs ? fullLength(rules, leftBytes) : undefined;
}

function fullLength({ fullLength: { bytes, capMs, passMs } }: LeaseRules, affordable: number): Allowance | undefined {
  return affordable < bytes.min ? undefined : { bytesMax: Math.min(bytes.max, affordable), capMs, passMs };
}

/** The site's latest turn for a full-length test until now and its next one, ms since the epoch: one in each `everyMs`. */
export function fullLengthTurnOf(site: string, { fullLength: { everyMs } }: LeaseRules, nowMs: number): { readonly lastMs: number; readonly nextMs: number } {
  const offsetMs = Math.floor(phase(`${site}/full-length`) * everyMs);
  const lastMs = Math.floor((nowMs - offsetMs) / everyMs) * everyMs + offsetMs;
  return { lastMs, nextMs: lastMs + everyMs };
}

/** A turn that was missed stays open until the next one; a site that is new waits for its first. */
function isFullLengthDue({ fullSinceMs }: SlotState, turnMs: number): boolean {
  return fullSinceMs !== undefined && fullSinceMs < turnMs;
}

/** Full-length tests that the site still has before it until the month ends. */
function fullLengthTestsLeft(site: string, state: SlotState, rules: LeaseRules, nowMs: number): number {
  const { lastMs, nextMs } = fullLengthTurnOf(site, rules, nowMs);
  const endMs = vietnamDayStartMs(vietnamDay(nowMs)) + daysLeftInMonth(nowMs) * DAY_MS;
  return (isFullLengthDue(state, lastMs) ? 1 : 0) + Math.max(0, Math.ceil((endMs - nextMs) / rules.fullLength.everyMs));
}

function isWithin({ fromMinute, toMinute }: SlotWindow, nowMs: number): boolean {
  const minute = (nowMs - vietnamDayStartMs(vietnamDay(nowMs))) / MINUTE_MS;
  return minute >= fromMinute && minute < toMinute;
}

/** Days of the Vietnam month from today to its end, today included. */
function daysLeftInMonth(nowMs: number): number {
  const [year = 0, month = 1, day = 1] = vietnamDay(nowMs).split("-").map(Number);
  return new Date(Date.UTC(year, month, 0)).getUTCDate() - day + 1;
}

/** Start of the Vietnam month that holds `nowMs`. */
export function monthStartMs(nowMs: number): number {
  return vietnamDayStartMs(`${vietnamDay(nowMs).slice(0, 7)}-01`);
}

/**
 * Order in which a site tries the servers: it moves on with each window and with each day, so that every server sees every window of the site. With as
 * many servers as windows, one place after the other would leave the office hours to one server for ever, and no other could confirm what is slow then.
 */
export function serverOrder<Server extends LeaseServer>(servers: readonly Server[], site: string, rules: LeaseRules, nowMs: number): Server[] {
  if (servers.length === 0) return [];
  const { lastMs } = turnOf(site, rules, nowMs);
  const dayStartMs = vietnamDayStartMs(vietnamDay(lastMs));
  const window = rules.windows.findLastIndex(({ fromMinute }) => dayStartMs + fromMinute * MINUTE_MS <= lastMs);
  const first = (Math.floor(phase(site) * servers.length) + Math.floor(dayStartMs / DAY_MS) + window) % servers.length;
  return [...servers.slice(first), ...servers.slice(0, first)];
}

/** A site's share of a window, 0..1, always the same for the same name (FNV-1a with a final mix, 32 bit). */
export function phase(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  // Names that differ in the last digit only would otherwise lie side by side.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}
