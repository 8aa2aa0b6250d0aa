import { describe, expect, it } from "vitest";
import { ClockWatch } from "../../agent/clock-state.ts";
import { type AgentStatus, hasEndedWell, readStatus, type StatusSources, sharedFaultsOf, writeStatus } from "../../agent/status.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ended = { endedAt: "2026-11-28T10:00:00.000Z" } as AgentStatus;
const cutOff = { at: "2026-11-28T10:00:00.000Z" } as AgentStatus;

describe("the end of the run before", () => {
  it.each<[string, AgentStatus | undefined, NodeJS.Platform, boolean | undefined]>([
    ["one that ended in order says so", ended, "linux", true],
    ["on Windows, too", ended, "win32", true],
    ["one that left no end was cut off", cutOff, "linux", false],
    ["on Windows it may have been an ordinary shutdown: nobody knows", cutOff, "win32", undefined],
    ["at the first run there is none", undefined, "linux", undefined],
    ["nor on Windows", undefined, "win32", undefined],
  ])("%s", (_name, before, platform, endedWell) => {
    expect(hasEndedWell(before, platform)).toBe(endedWell);
  });
});

it("what the collector tells of shared faults reaches the self-check, by this PC's clock", () => {
  const folder = temporaryFolder();
  const clock = new ClockWatch();
  const before = { wallMs: 1_000_000, steadyMs: 0 };
  clock.answered(before.wallMs + 60_000, before, before);
  writeStatus(folder, {
    isEnding: false,
    identity: { agent: "agt-0123456789abcdef", centre: "ia-grai", collector: "https://hcc.example/", enrolledAt: "2026-09-01T00:00:00.000Z" },
    version: "1.0.3",
    startedMs: before.wallMs,
    clock,
    uplink: { attempts: 0, sharedFaults: [{ target: "vnpt-igate", from: new Date(1_060_000).toISOString(), to: new Date(1_960_000).toISOString() }] },
    dateFault: undefined,
    spool: { stream: "0123456789abcdef", durable: true, waiting: 0, frozen: 0, answered: 0, deadLetters: 0, suspects: 0, lost: 0, bytes: 0, lastSeq: 0 },
    jobs: [],
    readClock: () => before,
    refused: [],
  } satisfies StatusSources);
  expect(sharedFaultsOf(readStatus(folder))).toEqual([{ target: "vnpt-igate", fromMs: 1_000_000, toMs: 1_900_000 }]);
  expect(sharedFaultsOf(undefined)).toEqual([]);
});
