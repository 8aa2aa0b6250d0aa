import { describe, expect, it } from "vitest";
import { AlertDesk, lineOf } from "../../support/alert-desk.ts";
import { calendar, plan } from "../../support/facts.ts";

type Recipients = NonNullable<ConstructorParameters<typeof AlertDesk>[2]["recipients"]>;

const MINUTE = 60_000;
const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const codes = Array.from({ length: 40 }, (_, at) => `xa-${at + 1}`);
const sites = (count: number) => codes.slice(0, count).map((_, at) => at + 1);
const [it1, all] = [{ owner: "province-it", channel: "smtp", to: "cntt" } as const, { owner: "*", channel: "webhook", to: "ioc" } as const];
const duty = { owner: "province-it", channel: "zalo", to: "truc", hours: "always", digests: false } as const;

let desk: AlertDesk;
let nowMs: number;
function start(local: string, recipients: Recipients): void {
  desk = new AlertDesk(plan, calendar, { recipients }, codes);
  nowMs = vn(local);
  desk.tick(nowMs);
}
/** Lets the clock run to a local time and gives what was sent meanwhile, each with its minute. */
function until(local: string, stepMs = MINUTE): string[] {
  const lines: string[] = [];
  for (; nowMs <= vn(local); nowMs += stepMs) {
    const time = new Date(nowMs + 7 * 3_600_000).toISOString().slice(11, 16);
    lines.push(...desk.tick(nowMs).map((letter) => `${time} ${lineOf(letter)}`));
  }
  return lines;
}
const say = (count: number, requirement: string, signal: "bad" | "well") => {
  for (const site of sites(count)) desk.signal(site, requirement, signal, nowMs);
};
const itemsTo = (to: string) => desk.delivered.filter(({ recipient }) => recipient.to === to).at(-1)?.message.items;

describe("a storm over noon", () => {
  it("is one message when the counters open again, to province and to whoever hears of all", () => {
    start("2026-11-24T11:29", [it1, all]);
    say(15, "R14", "bad");
    expect(until("2026-11-24T13:29")).toEqual([]);
    expect(until("2026-11-24T17:00")).toEqual(["13:30 storm R14 15 > cntt", "13:30 storm R14 15 > ioc"]);
    expect(until("2026-11-25T07:10").filter((line) => line.includes("R14"))).toEqual([]);
  });

  it("climbs from then on", () => {
    start("2026-11-24T11:29", [it1, { owner: "dost", channel: "smtp", to: "so-khcn" }]);
    say(15, "R16", "bad");
    expect(until("2026-11-24T16:00")).toEqual(["13:30 storm R16 15 > cntt", "15:30 storm R16 15 > so-khcn"]);
  });

  it.each([
    ["looks well when they open", 15, []],
    ["has three centres left", 12, ["13:30 opened R14 xa-13 > cntt", "13:30 opened R14 xa-14 > cntt", "13:30 opened R14 xa-15 > cntt"]],
    ["has twelve left", 3, ["13:30 storm R14 12 > cntt"]],
  ] as const)("that %s is told as what stands", (_, well, told) => {
    start("2026-11-24T11:29", [it1]);
    say(15, "R14", "bad");
    until("2026-11-24T13:20");
    say(well, "R14", "well");
    expect(until("2026-11-24T17:00")).toEqual(told);
  });

  it("that whoever is on duty heard at once is told to the others when the counters open, and its end to all of them", () => {
    start("2026-11-24T11:20", [it1, duty, all]);
    say(15, "R16", "bad");
    expect(until("2026-11-24T13:29")).toEqual(["11:35 storm R16 15 > truc"]);
    expect(until("2026-11-24T13:40")).toEqual(["13:30 storm R16 15 > cntt", "13:30 storm R16 15 > ioc"]);
    say(15, "R16", "well");
    expect(until("2026-11-24T14:00").map((line) => line.slice(6))).toEqual(["storm_over R16 15 > truc", "storm_over R16 15 > cntt", "storm_over R16 15 > ioc"]);
  });

  it("is not named as one that a waiver holds back by a digest that is made meanwhile", () => {
    desk = new AlertDesk(plan, calendar, { recipients: [it1], digestAt: "12:00" }, codes);
    nowMs = vn("2026-11-24T11:29");
    desk.tick(nowMs);
    say(15, "R14", "bad");
    expect(until("2026-11-24T17:00")).toEqual(["13:30 storm R14 15 > cntt"]);
  });
});

it("one problem that whoever is on duty heard over noon is told to the others when the counters open; one that ended by then is not", () => {
  start("2026-11-24T11:20", [it1, duty]);
  say(2, "R16", "bad");
  expect(until("2026-11-24T12:00")).toEqual(["11:35 opened R16 xa-1 > truc", "11:35 opened R16 xa-2 > truc"]);
  desk.signal(2, "R16", "well", nowMs);
  expect(until("2026-11-24T13:40")).toEqual(["12:11 recovered R16 xa-2 > truc", "13:30 opened R16 xa-1 > cntt"]);
});

it("what comes and goes for the third time over noon is told as such when the counters open", () => {
  start("2026-11-24T08:00", [it1]);
  for (const hour of ["08", "09"]) {
    until(`2026-11-24T${hour}:05`);
    desk.signal(1, "R16", "bad", nowMs);
    until(`2026-11-24T${hour}:30`);
    desk.signal(1, "R16", "well", nowMs);
  }
  until("2026-11-24T11:20");
  desk.signal(1, "R16", "bad", nowMs);
  expect(until("2026-11-24T13:40")).toEqual(["13:30 flapping R16 xa-1 > cntt"]);
});

describe.each([
  ["of an evening", "2026-11-24T19:00", "2026-11-25"],
  ["of a weekend", "2026-11-28T10:00", "2026-11-30"],
  ["of a holiday", "2027-01-01T10:00", "2027-01-04"],
])("a storm %s", (_, begins, day) => {
  it("stands in the next digest, climbs from there, and its end in the one after", () => {
    start(begins, [
      { owner: "portal-vendor", channel: "smtp", to: "cong" },
      { owner: "dost", channel: "smtp", to: "so-khcn", digests: false },
    ]);
    say(15, "R16", "bad");
    expect(until(`${day}T06:59`)).toEqual([]);
    const morning = until(`${day}T07:01`);
    expect(morning).toHaveLength(1);
    expect(itemsTo("cong")).toEqual([expect.objectContaining({ kind: "new", requirement: "R16", count: 15 })]);
    expect(until(`${day}T08:00`)).toEqual([]);
    expect(until(`${day}T09:10`)).toEqual(["09:00 storm R16 15 > so-khcn"]);
    say(15, "R16", "well");
    expect(until(`${day}T09:40`).map((line) => line.slice(6))).toEqual(["storm_over R16 15 > so-khcn"]);
    until(`${day}T18:00`, 10 * MINUTE);
    for (let days = 1; days < 4; days++) until(new Date(vn(`${day}T07:30`) + days * 86_400_000).toISOString().slice(0, 16), 10 * MINUTE);
    expect(itemsTo("cong")).toEqual([expect.objectContaining({ kind: "ended", requirement: "R16", count: 15 })]);
  });

  it("that is over before the digest is nobody's", () => {
    start(begins, [it1, all]);
    say(15, "R14", "bad");
    until(begins.replace(/T(\d\d):00/, "T$1:30"));
    say(15, "R14", "well");
    expect(until(`${day}T07:10`).filter((line) => !line.includes("weekly"))).toEqual([]);
    expect(desk.incidents.filter(({ state, stormOver }) => state !== "closed" || !stormOver)).toEqual([]);
  });

  it("is told by letter in the morning to whom no digest tells", () => {
    start(begins, [it1, { ...all, digests: false }]);
    say(15, "R14", "bad");
    desk.signal(30, "R02", "bad", nowMs);
    expect(until(`${day}T07:01`).filter((line) => line.endsWith("> ioc"))).toEqual(["07:00 opened R02 xa-30 > ioc", "07:00 storm R14 15 > ioc"]);
    say(15, "R14", "well");
    desk.signal(30, "R02", "well", nowMs);
    expect(until(`${day}T07:20`).map((line) => line.slice(6))).toEqual(["recovered R02 xa-30 > ioc", "storm_over R14 15 > ioc"]);
  });
});

it("what only those on duty heard at night stands in the morning digest of the others, and its end in a later one", () => {
  start("2026-11-24T19:00", [it1, duty]);
  desk.signal(1, "R16", "bad", nowMs);
  expect(until("2026-11-25T07:01")).toEqual(["19:15 opened R16 xa-1 > truc", "07:00 morning 1 > cntt"]);
  expect(itemsTo("cntt")).toMatchObject([{ kind: "new", centre: "xa-1", requirement: "R16" }]);
  desk.signal(1, "R16", "well", nowMs);
  until("2026-11-26T07:01");
  expect(itemsTo("cntt")).toMatchObject([{ kind: "ended", centre: "xa-1" }]);
});

it("a storm where nobody watches over the province is told to each centre", () => {
  const communes = codes.map((code) => ({ owner: "commune" as const, channel: "smtp" as const, to: code, centres: [code] }));
  start("2026-11-24T08:00", communes);
  say(12, "R14", "bad");
  expect(until("2026-11-24T08:10").map((line) => line.slice(6))).toEqual(sites(12).map((site) => `opened R14 xa-${site} > xa-${site}`));
});

it("the end of a storm is told to those who heard of it after its first centre had recovered", () => {
  start("2026-11-24T08:00", [it1, { owner: "dost", channel: "smtp", to: "so-khcn" }]);
  say(15, "R16", "bad");
  until("2026-11-24T08:30");
  desk.signal(1, "R16", "well", nowMs);
  expect(until("2026-11-24T10:20").map((line) => line.slice(6))).toEqual(["storm R16 14 > so-khcn"]);
  say(15, "R16", "well");
  expect(until("2026-11-24T10:40").map((line) => line.slice(6))).toEqual(["storm_over R16 15 > cntt", "storm_over R16 15 > so-khcn"]);
});
