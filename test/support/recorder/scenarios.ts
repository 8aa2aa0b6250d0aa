import type { Protocol } from "./http-side.ts";
import { DAY_MS, HOUR_MS, healthy, type Interval, type Scenario, sameOnAll, VIETNAM_MS, without } from "./scenario.ts";

/** A night of a story: when it is, and what the recorder pretends then. */
export type Night = (nowMs: number) => Scenario;

export type Story = {
  readonly name: string;
  /** One visit per night, a day apart; the last one's verdict counts. */
  readonly nights: readonly Night[];
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly notes?: readonly string[];
  /** Where one protocol cannot know what the others know. */
  readonly over?: Partial<Record<Protocol, { verdict: string; reasons: readonly string[]; notes?: readonly string[] }>>;
  readonly options?: (nowMs: number) => Record<string, unknown>;
};

const MINUTE_MS = 60_000;
const since = (nowMs: number, days: number): Interval[] => [{ startMs: nowMs - days * DAY_MS, endMs: nowMs }];
const night =
  (recorded: (nowMs: number) => readonly Interval[], over: Partial<Scenario> | ((nowMs: number) => Partial<Scenario>) = {}): Night =>
  (nowMs) =>
    healthy(() => nowMs, { channels: sameOnAll(1, recorded(nowMs)), ...(typeof over === "function" ? over(nowMs) : over) });
const ring = (days: number): Night => night((nowMs) => since(nowMs, days));
const full = ring(45);
const healthyWith = (over: Partial<Scenario>): Night => night((nowMs) => since(nowMs, 45), over);

/** Twice a day five minutes are missing: many pieces, still 99.3 % covered. */
const pieces = (nowMs: number): Interval[] =>
  Array.from({ length: 90 }, (_, index) => index).reduce(
    (recorded, index) => without(recorded, { startMs: nowMs - (index + 0.5) * 12 * HOUR_MS, endMs: nowMs - (index + 0.5) * 12 * HOUR_MS + 5 * MINUTE_MS }),
    since(nowMs, 45),
  );
const motion = (nowMs: number): Interval[] =>
  Array.from({ length: 45 * 24 }, (_, index) => ({
    startMs: nowMs - (index + 1) * HOUR_MS,
    endMs: nowMs - (index + 1) * HOUR_MS + 9 * MINUTE_MS,
  })).toReversed();
const hole = (days: number, hours: number) => (nowMs: number) =>
  without(since(nowMs, 45), { startMs: nowMs - days * DAY_MS, endMs: nowMs - days * DAY_MS + hours * HOUR_MS });
/** Still filling since a fixed day: recorded for `days` on the last of the nights. */
const filling = (days: number, index: number): Night =>
  night((nowMs) => since(nowMs, days - 2 + index), { disks: [{ status: "ok", totalBytes: 2e12, freeBytes: 1e12 }] });

/** Monday to Friday from seven to five by the clock of the place: what a recorder by schedule keeps. */
const officeHours = { recordingMode: "schedule", schedule: [{ weekdays: [1, 2, 3, 4, 5], from: "07:00", to: "17:00" }] };
const byOffice = (nowMs: number, days: number, skip: (day: number) => boolean = () => false): Interval[] =>
  Array.from({ length: days + 1 }, (_, index) => Math.floor((nowMs + VIETNAM_MS) / DAY_MS) - days + index).flatMap((day) => {
    const startMs = day * DAY_MS - VIETNAM_MS + 7 * HOUR_MS;
    const isWorkday = (day + 3) % 7 < 5;
    return isWorkday && startMs < nowMs && !skip(day) ? [{ startMs, endMs: Math.min(startMs + 10 * HOUR_MS, nowMs) }] : [];
  });

const unknown = (reason: string, notes?: readonly string[]) => ({ verdict: "UNVERIFIABLE", reasons: [reason], ...(notes ? { notes } : {}) });
const breach = (...reasons: string[]) => ({ verdict: "NON_COMPLIANT", reasons });
const compliant = { verdict: "COMPLIANT", reasons: [] };

/** Every bad behaviour that fields/cameras.md §14 names, with the verdict that its §9 demands. */
export const stories: readonly Story[] = [
  { name: "45 days of everything", nights: [full], ...compliant },
  { name: "a ring that holds 30.5 days", nights: [ring(30.5), ring(30.5), ring(30.5)], ...compliant },
  { name: "a ring that holds 29.5 days", nights: [ring(29.5), ring(29.5), ring(29.5)], ...breach("RETENTION_SHORT") },
  { name: "a ring that holds 13 days", nights: [ring(13), ring(13), ring(13)], ...breach("RETENTION_SHORT") },
  { name: "13 days, seen for the first time", nights: [ring(13)], ...breach("RETENTION_SHORT", "HISTORY_LOST"), notes: ["RING_UNTESTED"] },
  { name: "three hours missing in the middle", nights: [night(hole(15, 3))], ...breach("GAPS") },
  { name: "half an hour missing is within the policy", nights: [night(hole(15, 0.5))], ...compliant },
  { name: "two gaps a day of five minutes", nights: [night(pieces)], ...compliant },
  {
    name: "1970 claimed as the oldest",
    nights: [healthyWith({ claimedOldestMs: 195_000 })],
    ...compliant,
    over: { onvif: { ...compliant, notes: ["INVALID_TIMESTAMP"] } },
  },
  {
    name: "local time labelled as UTC",
    nights: [healthyWith({ clock: { skewMs: 0, localAsUtc: true, tellsUtc: true, tellsLocal: true } })],
    ...compliant,
    over: { onvif: { ...compliant, notes: ["ZONE_MISLABELLED"] }, isapi: { ...compliant, notes: ["ZONE_MISLABELLED"] } },
  },
  {
    name: "a clock that is really seven hours ahead",
    nights: [healthyWith({ clock: { skewMs: VIETNAM_MS, localAsUtc: false, tellsUtc: true, tellsLocal: true } })],
    ...unknown("CLOCK_WRONG"),
  },
  {
    name: "a clock ten minutes behind",
    nights: [healthyWith({ clock: { skewMs: -600_000, localAsUtc: false, tellsUtc: true, tellsLocal: true } })],
    ...unknown("CLOCK_WRONG"),
  },
  {
    name: "no clock told",
    nights: [healthyWith({ clock: { skewMs: 0, localAsUtc: false, tellsUtc: false, tellsLocal: false } })],
    ...unknown("CLOCK_UNKNOWN"),
  },
  { name: "formatted yesterday", nights: [full, ring(0.9)], ...breach("HISTORY_LOST") },
  { name: "formatted before anybody looked, and filling", nights: [filling(5, 0), filling(5, 1), filling(5, 2)], ...breach("HISTORY_LOST") },
  {
    name: "a new recorder whose start is on record",
    nights: [filling(10, 0), filling(10, 1), filling(10, 2)],
    options: (nowMs) => ({ serviced: [new Date(nowMs - 10 * DAY_MS).toISOString().slice(0, 10)] }),
    verdict: "TOO_YOUNG",
    reasons: [],
  },
  {
    name: "a new disk that tells its date",
    nights: [
      night(
        (nowMs) => since(nowMs, 6),
        (nowMs) => ({ disks: [{ status: "ok", totalBytes: 2e12, freeBytes: 1e12, installedMs: nowMs - 6 * DAY_MS }] }),
      ),
    ],
    ...breach("RETENTION_SHORT", "HISTORY_LOST"),
    over: { isapi: { verdict: "TOO_YOUNG", reasons: [] }, dahua: breach("HISTORY_LOST") },
  },
  {
    name: "a new recorder, first seen on the day on which it began",
    nights: [filling(2.5, 0), filling(2.5, 1), filling(2.5, 2)],
    verdict: "TOO_YOUNG",
    reasons: [],
  },
  { name: "a ring that holds a day is not young for being new", nights: [ring(1), ring(1), ring(1)], ...breach("RETENTION_SHORT") },
  {
    name: "12 days and room left: nothing was overwritten",
    nights: [night((nowMs) => since(nowMs, 12), { disks: [{ status: "ok", totalBytes: 2e12, freeBytes: 1e12 }] })],
    ...breach("HISTORY_LOST"),
    over: { onvif: breach("RETENTION_SHORT", "HISTORY_LOST") },
  },
  {
    name: "recording on motion only",
    nights: [night(motion, (nowMs) => ({ channels: sameOnAll(1, motion(nowMs), { mode: "event" }) }))],
    ...unknown("EVENT_MODE", ["EVENT_MODE"]),
  },
  { name: "pages of ten", nights: [night(pieces, { pageResults: 10 })], ...compliant },
  { name: "a search that is forgotten after three pages", nights: [night(pieces, { pageResults: 10, pagesOfToken: 3 })], ...compliant },
  { name: "SHA-256 login", nights: [healthyWith({ login: { kind: "digest-sha256", user: "viewer", password: "p@ss word" } })], ...compliant },
  { name: "WS-UsernameToken only", nights: [healthyWith({ login: { kind: "ws-token", user: "viewer", password: "p@ss word" } })], ...compliant },
  { name: "no login", nights: [healthyWith({ login: { kind: "none", user: "", password: "" } })], ...compliant },
  { name: "a wrong password", nights: [healthyWith({ login: { kind: "digest-md5", user: "viewer", password: "another" } })], ...unknown("AUTH_FAILED") },
  { name: "an answer that drips", nights: [healthyWith({ searchFault: "drip" })], ...unknown("OFFLINE") },
  { name: "an answer cut off", nights: [healthyWith({ searchFault: "truncate" })], ...unknown("OFFLINE") },
  { name: "an answer of 300 MB", nights: [healthyWith({ searchFault: "huge" })], ...unknown("NO_API") },
  { name: "a busy recorder", nights: [healthyWith({ searchFault: "busy" })], ...unknown("DEVICE_BUSY") },
  { name: "no playback session free", nights: [healthyWith({ playbackBusy: true })], ...unknown("DEVICE_BUSY") },
  { name: "lists claim what playback does not have", nights: [healthyWith({ playbackEmpty: true })], ...breach("REPLAY_FAILED_AT_30D") },
  { name: "another device at the address", nights: [full, healthyWith({ serial: "999" })], ...unknown("CHANGED_DEVICE") },
  {
    name: "another device that the inventory knows",
    nights: [full, healthyWith({ serial: "999" })],
    options: () => ({ serial: "999" }),
    ...compliant,
  },
  {
    name: "an ISAPI recorder that tells days only",
    nights: [healthyWith({ lacks: new Set(["isapi-search"]) })],
    ...compliant,
    over: { isapi: unknown("OLDEST_ONLY") },
  },
  {
    name: "another device than the inventory says, on the first night",
    nights: [full],
    options: () => ({ serial: "ANOTHER-777" }),
    ...unknown("CHANGED_DEVICE"),
  },
  { name: "the inventory knows the last part of the serial number", nights: [full], options: () => ({ serial: "12345678" }), ...compliant },
  {
    name: "a disk replaced yesterday, with a paper",
    nights: [full, ring(0.9)],
    options: (nowMs) => ({ serviced: [new Date(nowMs - 0.9 * DAY_MS + VIETNAM_MS).toISOString().slice(0, 10)] }),
    verdict: "TOO_YOUNG",
    reasons: [],
  },
  {
    name: "office hours, where the plan demands no more",
    nights: [night((nowMs) => byOffice(nowMs, 45))],
    options: () => ({ policy: officeHours }),
    ...compliant,
    // At night nothing moves that could show whether its labels are local time.
    over: { isapi: unknown("ZONE_UNKNOWN") },
  },
  { name: "office hours, where the plan demands all hours", nights: [night((nowMs) => byOffice(nowMs, 45))], ...breach("NOT_RECORDING", "GAPS") },
  {
    name: "office hours, and a working day missing",
    nights: [
      night((nowMs) =>
        byOffice(nowMs, 45, (day) => day === Math.floor((nowMs + VIETNAM_MS) / DAY_MS) - 9 - (((nowMs + VIETNAM_MS) / DAY_MS + 3) % 7 < 5 ? 0 : 2)),
      ),
    ],
    options: () => ({ policy: officeHours }),
    ...breach("GAPS"),
  },
  {
    name: "office hours, a ring of ten working days",
    nights: [1, 2, 3].map(() => night((nowMs) => byOffice(nowMs, 45).slice(-10))),
    options: () => ({ policy: officeHours }),
    ...breach("RETENTION_SHORT"),
    // Times that may be off by hours are not remembered, so the ring stays untested.
    over: { isapi: breach("RETENTION_SHORT", "HISTORY_LOST") },
  },
  {
    name: "playback finds pictures in the gap that the list claims",
    nights: [night(hole(15, 3), { playbackIgnoresGaps: true })],
    // A frame without a time of its own proves nothing about a gap.
    ...breach("GAPS"),
    over: { onvif: unknown("CONTRADICTION", ["CONTRADICTION"]) },
  },
  // The clock hour before the gap's end was seen as recorded the night before.
  {
    name: "an hour deleted since last night",
    nights: [
      full,
      night((nowMs) =>
        without(since(nowMs, 45), {
          startMs: Math.floor(nowMs / HOUR_MS) * HOUR_MS - 10 * DAY_MS,
          endMs: Math.floor(nowMs / HOUR_MS) * HOUR_MS - 10 * DAY_MS + HOUR_MS,
        }),
      ),
    ],
    ...breach("DELETED"),
  },
  { name: "stopped three hours ago", nights: [night((nowMs) => [{ startMs: nowMs - 45 * DAY_MS, endMs: nowMs - 3 * HOUR_MS }])], ...breach("NOT_RECORDING") },
  { name: "nothing recorded at all", nights: [night(() => [])], ...breach("NOT_RECORDING") },
  {
    name: "a broken disk",
    nights: [healthyWith({ disks: [{ status: "error", totalBytes: 2e12, freeBytes: 0 }] })],
    ...breach("STORAGE_FAULT"),
    // ONVIF tells nothing of disks; the evidence says so.
    over: { onvif: compliant },
  },
  {
    name: "a disk that is being repaired",
    nights: [healthyWith({ disks: [{ status: "reparing", totalBytes: 2e12, freeBytes: 0 }] })],
    ...compliant,
  },
  {
    name: "a cap of 14 days",
    nights: [
      night(
        (nowMs) => since(nowMs, 14),
        (nowMs) => ({ channels: sameOnAll(1, since(nowMs, 14), { capDays: 14 }) }),
      ),
    ],
    ...breach("CAP_BELOW_POLICY", "RETENTION_SHORT", "HISTORY_LOST"),
    over: { dahua: breach("RETENTION_SHORT", "HISTORY_LOST") },
  },
];
