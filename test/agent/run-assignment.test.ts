import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Assignment } from "#schemas/agent-config.ts";
import type { Lease } from "#schemas/measure.ts";
import type { Outcome } from "#schemas/observation.ts";
import { ClockWatch } from "../../agent/clock-state.ts";
import { createIo } from "../../agent/io/io.ts";
import type { Probe } from "../../agent/probe.ts";
import { type KeptMemory, openMemory } from "../../agent/probe-memory.ts";
import { type RunDependencies, runAssignment } from "../../agent/run-assignment.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A probe that measures a depth of 31 days and remembers the day. */
const remembering: Probe<unknown> = {
  kind: "recording-depth",
  options: z.unknown(),
  deadlineMs: 5_000,
  run: async (_options, { memory }) => {
    memory.set("nvr-1", { day: 1 });
    return { readings: [{ metric: "recording_depth_days", value: 31 }] };
  },
};
const measured: Outcome = { kind: "measured", readings: [{ metric: "recording_depth_days", value: 31 }] };
const nightly: Assignment = { id: "recording-depth", probe: "recording-depth", everyS: 86_400, lease: false, options: {} };

/** Runs `assignment` in a data folder and gives what was spooled, what was logged, and which paths the collector was asked. */
async function ran(folder: string, assignment: Assignment, over: Partial<RunDependencies> = {}) {
  const [spooled, logged, asked, requests]: [Outcome[], string[], string[], unknown[]] = [[], [], [], []];
  const say = (message: string, fields = {}) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const server = { id: "s", url: "http://127.0.0.1:9" };
  const lease: Lease = { id: "lease-1", token: "t", server, expiresAt: "2026-11-28T00:00:00.000Z", bytesMax: 1, capMs: 10_000 };
  const client = {
    send: async ({ path, body }: { path: string; body: Buffer }) => {
      asked.push(path);
      requests.push(JSON.parse(body.toString()));
      return { status: 200, body: { granted: true, lease }, problem: undefined, retryAfterS: undefined };
    },
  } as unknown as RunDependencies["client"];
  const dependencies: RunDependencies = {
    io: createIo(),
    mayReach: () => true,
    probeOf: () => remembering as unknown as Probe<never>,
    client,
    clock: new ClockWatch(),
    readClock: () => ({ wallMs: Date.now(), steadyMs: 1_000 }),
    bootId: "b",
    secretOf: () => "",
    memoryOf: (id) => openMemory(folder, id, say),
    append: ({ outcome }) => void spooled.push(outcome),
    log: { error: say, warn: say, info: say, debug: () => {} },
    ...over,
  };
  const finished = await runAssignment(assignment, dependencies, new AbortController().signal);
  return { finished, spooled, logged, asked, requests };
}

/** Puts a folder in the place of the memory, so that it cannot be written. */
function withoutMemory(folder: string): void {
  mkdirSync(join(folder, "memory", "recording-depth.json", "in-the-way"), { recursive: true });
}

describe("a run", () => {
  it("whose memory cannot be written keeps its measurement, and says which file it is", async () => {
    const folder = temporaryFolder();
    withoutMemory(folder);
    const { spooled, logged } = await ran(folder, nightly);
    expect(spooled).toEqual([measured]);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain(join(folder, "memory", "recording-depth.json"));
  });

  it("remembers with a later run what it could not write at first", async () => {
    const folder = temporaryFolder();
    withoutMemory(folder);
    const memory = openMemory(folder, nightly.id, () => {});
    await ran(folder, nightly, { memoryOf: () => memory });
    rmSync(join(folder, "memory"), { recursive: true });
    memory.save();
    expect(JSON.parse(readFileSync(join(folder, "memory", "recording-depth.json"), "utf8"))).toEqual({ "nvr-1": { day: 1 } });
  });

  it("hands its lease back all the same", async () => {
    const folder = temporaryFolder();
    withoutMemory(folder);
    const { spooled, asked } = await ran(folder, { ...nightly, lease: true });
    expect(spooled).toEqual([measured]);
    expect(asked).toEqual(["/v1/leases", "/v1/leases/lease-1/return"]);
  });

  it("asks for a full-length test when the probe remembers, after a restart as well, that a short one says nothing", async () => {
    const folder = temporaryFolder();
    const probe = { ...remembering, memory: "line", asksFullLength: (memory: KeptMemory) => memory.get("nvr-1") !== undefined };
    const asked = async () => (await ran(folder, { ...nightly, lease: true, target: "s" }, { probeOf: () => probe as unknown as Probe<never> })).requests[0];
    expect(await asked()).toEqual({ server: "s" });
    expect(await asked()).toEqual({ server: "s", fullLength: true });
  });

  it("ends in order where the spool does not take what it found, and says so", async () => {
    const append = () => {
      throw new Error("disk I/O error");
    };
    const { finished, logged } = await ran(temporaryFolder(), nightly, { append });
    expect(finished.outcome).toEqual(measured);
    expect(logged.join()).toContain("disk I/O error");
  });

  it("writes its memory where nothing is in the way", async () => {
    const folder = temporaryFolder();
    const { logged } = await ran(folder, nightly);
    expect(existsSync(join(folder, "memory", "recording-depth.json"))).toBe(true);
    expect(logged).toEqual([]);
  });
});
