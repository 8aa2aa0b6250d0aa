import { describe, expect, it } from "vitest";
import { type AgentStatus, hasEndedWell } from "../../agent/status.ts";

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
