import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { workingDaysBefore } from "#schemas/calendar.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import { Centre } from "#schemas/inventory.ts";
import type { Outcome, Reading } from "#schemas/observation.ts";
import { bundledCalendar, bundledPolicy } from "../../../agent/bundled-policy.ts";
import { factsOfSpool } from "../../../agent/selfcheck/facts-of-spool.ts";
import { readSpool } from "../../../agent/spool/read-spool.ts";
import { Spool } from "../../../agent/spool/spool.ts";
import { observation } from "../../support/observations.ts";
import { memoryFolder } from "../../support/temporary-folder.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Friday, 11:00 in Vietnam. */
const nowMs = Date.UTC(2026, 10, 27, 4);
const firstMs = nowMs - 16 * DAY_MS;
const centre = Centre.parse({
  code: "ia-grai",
  name: "Ia Grai",
  officers: 1,
  devices: [{ id: "printer-1", role: "printer", address: "10.1.0.9" }],
});

/** The office's printer answers in one run of a day, at 08:00; it prints a page each day. */
function officeRun(atMs: number): Outcome {
  const isAt8 = (atMs + 7 * 3_600_000) % DAY_MS === 8 * 3_600_000;
  const labels = { device: "printer-1" };
  const pages: Reading[] = isAt8 ? [{ metric: "printer_pages", value: 1_000 + Math.floor((atMs - firstMs) / DAY_MS), labels }] : [];
  return { kind: "measured", readings: [{ metric: "device_up", value: isAt8 ? 1 : 0, labels: { ...labels, role: "printer" } }, ...pages] };
}

const open = (folder: string) => new Spool({ folder, nowMs: () => nowMs, log: () => {} });

/** Sixteen days of an agent that asks the office every ten minutes, and was restarted in their middle. */
function watchedFolder(): string {
  const folder = memoryFolder();
  for (const [fromMs, toMs] of [
    [firstMs, firstMs + 8 * DAY_MS],
    [firstMs + 8 * DAY_MS, nowMs],
  ] as const) {
    using spool = open(folder);
    for (let atMs = fromMs; atMs < toMs; atMs += 10 * MINUTE_MS)
      spool.append(observation(0, { probe: "office-devices", takenAt: new Date(atMs).toISOString(), outcome: officeRun(atMs) }));
  }
  return folder;
}

const factsOf = (folder: string) => factsOfSpool({ centre, calendar: bundledCalendar, policy: bundledPolicy, nowMs }, readSpool(folder), []);
const finding = (folder: string, id: string) => evaluate(bundledPolicy, factsOf(folder), nowMs).find(({ requirement }) => requirement === id);
const daysKnown = (folder: string) => workingDaysBefore(bundledCalendar, nowMs, 10).filter((day) => factsOf(folder).presence.some((one) => one.day === day));

describe("what this PC knows of days", () => {
  it("is each of the ten working days at which a count looks, of a device that answered once on each, over a restart; and the counter with which each began", () => {
    const folder = watchedFolder();
    expect(daysKnown(folder)).toHaveLength(10);
    expect(finding(folder, "R11")).toMatchObject({ state: "pass", reason: "met", observed: 1 });
    expect(factsOf(folder).pages.slice(0, 2)).toEqual([
      { day: "2026-11-27", device: "printer-1", pages: 1_015 },
      { day: "2026-11-26", device: "printer-1", pages: 1_014 },
    ]);
  });

  it("outlives the rows of which it was made, until no rule looks that far back", () => {
    const evicted = watchedFolder();
    {
      using spool = new Spool({
        folder: evicted,
        nowMs: () => nowMs,
        log: () => {},
        limits: { spoolBytesMax: 1, waitingMsMax: 1, diskFreeBytesMin: 0, diskFreeShareMin: 0 },
      });
      spool.maintain({ clockTrusted: true });
    }
    expect(readSpool(evicted)?.status.waiting).toBe(0);
    expect(daysKnown(evicted)).toHaveLength(10);
    {
      using later = new Spool({ folder: evicted, nowMs: () => nowMs + 95 * DAY_MS, log: () => {} });
      later.maintain({ clockTrusted: false });
      expect(daysKnown(evicted)).toHaveLength(10);
      later.maintain({ clockTrusted: true });
    }
    expect(readSpool(evicted)?.days?.presence).toEqual([]);
  });

  it("is found in the rows of a spool of the version before days, which also reads before it is brought up", () => {
    const old = watchedFolder();
    const database = new DatabaseSync(join(old, "spool.db"));
    database.exec("DROP TABLE day_fact; PRAGMA user_version = 2");
    database.close();
    expect(daysKnown(old).length).toBeGreaterThan(0);
    open(old)[Symbol.dispose]();
    expect(daysKnown(old)).toHaveLength(10);
    expect(readSpool(old)?.status).toMatchObject({ lastSeq: 2_304, waiting: 2_304 });
  });
});

describe("a day that was noted", () => {
  it("is carried over from a spool that had to be set aside", () => {
    const folder = memoryFolder();
    {
      using spool = open(folder);
      spool.append(observation(0, { probe: "office-devices", takenAt: "2026-11-27T08:00:00.000+07:00", outcome: officeRun(Date.UTC(2026, 10, 27, 1)) }));
    }
    const database = new DatabaseSync(join(folder, "spool.db"));
    database.exec("DELETE FROM observation; PRAGMA user_version = 99");
    database.close();
    open(folder)[Symbol.dispose]();
    expect(readSpool(folder)).toMatchObject({ setAside: 1, days: { presence: [{ day: "2026-11-27", device: "printer-1", role: "printer" }] } });
  });
});

describe("a run's day", () => {
  it("is that of the clock that the agent was told, where its own is wrong", () => {
    const folder = memoryFolder();
    {
      using spool = open(folder);
      const outcome = officeRun(Date.UTC(2026, 10, 27, 1));
      spool.append(observation(0, { probe: "office-devices", takenAt: "2015-01-01T00:00:00.000Z", clock: "bad", outcome }), { atMs: nowMs });
    }
    expect(readSpool(folder)?.days?.presence).toEqual([{ day: "2026-11-27", device: "printer-1", role: "printer" }]);
  });

  it("holds no more devices than the province takes, whatever names are made up; those that it has stay", () => {
    const folder = memoryFolder();
    const names = (first: number): Outcome => ({
      kind: "measured",
      readings: Array.from({ length: 400 }, (_, index) => ({
        metric: "device_up",
        value: 1,
        labels: { device: `q-${first + index}`, role: index === 0 ? "copier" : "printer" },
      })),
    });
    {
      using spool = open(folder);
      for (const first of [1, 401, 0]) spool.append(observation(0, { probe: "office-devices", outcome: names(first) }));
    }
    const { presence = [] } = readSpool(folder)?.days ?? {};
    expect([presence.length, presence.find(({ device }) => device === "q-0"), presence.find(({ device }) => device === "q-1")?.role]).toEqual([
      500,
      undefined,
      "copier",
    ]);
  });

  it("has the highest number of people on the Wi-Fi in working hours, by the province's calendar", () => {
    const folder = memoryFolder();
    const clients = (value: number): Outcome => ({ kind: "measured", readings: [{ metric: "wifi_clients", value }] });
    const at = (time: string) => `2026-11-27T${time}:00.000+07:00`;
    {
      using spool = open(folder);
      for (const [time, value] of [
        ["08:00", 12],
        ["09:00", 51],
        ["10:00", 30],
        ["22:00", 90],
      ] as const)
        spool.append(observation(0, { probe: "wifi-clients", takenAt: at(time), outcome: clients(value) }));
      const calendar = { ...bundledCalendar, holidays: [...bundledCalendar.holidays, { from: "2026-11-26", to: "2026-11-26", name: "a storm" }] };
      spool.append(observation(0, { probe: "wifi-clients", takenAt: "2026-11-26T09:00:00.000+07:00", outcome: clients(70) }), { calendar });
    }
    expect(readSpool(folder)?.days?.peaks).toEqual([{ day: "2026-11-27", metric: "wifi_clients", value: 51 }]);
  });
});
