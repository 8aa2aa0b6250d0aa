import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Outcome, readingOf } from "#schemas/observation.ts";
import { LabSession, wasStarved } from "./lab-session.ts";
import { plainLine, requireLab, SERVER_ADDRESS } from "./line-lab.ts";

const FLOOR_MBPS = 200;
type Told = { readonly mbps: number; readonly verdict: string; readonly excuse: string | undefined };

function told(outcome: Outcome): Told {
  if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
  const download = outcome.evidence?.download as { verdict: string } | undefined;
  return { mbps: readingOf(outcome.readings, "download_mbps") ?? Number.NaN, verdict: download?.verdict ?? "none", excuse: outcome.excuse };
}

describe.skipIf(!requireLab())("a line in the lab, floor 200 Mbps", { timeout: 60_000 }, () => {
  let session: LabSession;
  beforeAll(async () => {
    session = await LabSession.open(plainLine);
  }, 60_000);
  afterAll(() => session?.close());

  it.each([
    [300, "pass"],
    [150, "fail"],
  ])("%d Mbps without loss: %s", async (mbps, expected) => {
    await session.lab.reshape({ mbps, queueMs: 50, lossPercent: 0 });
    const { outcome } = await session.runAwake({ floorMbps: FLOOR_MBPS, directions: ["download"] }, 3);
    if (outcome.kind !== "measured") return expect(wasStarved(outcome)).toBe(true);
    const { verdict, excuse, mbps: found } = told(outcome);
    // Whatever else the machine was doing: a good line is not blamed, a bad one not praised.
    if (mbps > FLOOR_MBPS) expect(verdict === "fail" && excuse === undefined).toBe(false);
    else expect(verdict).not.toBe("pass");
    if (wasStarved(outcome)) return;
    expect(verdict).toBe(expected);
    expect(Math.abs(found / mbps - 1)).toBeLessThan(0.05);
  });

  it.each([
    ["0.5 % random loss in front of a CUBIC server is TCP's limit", { mbps: 205, lossPercent: 0.5 }],
    ["a policer without a queue is the line's limit, or TCP's, but no praise", { mbps: 150, queueMs: 1 }],
  ])("%s, never a wrong verdict", async (_name, line) => {
    await session.lab.reshape({ queueMs: 50, lossPercent: 0, ...line });
    const { outcome } = await session.run({ floorMbps: FLOOR_MBPS, directions: ["download"] });
    const { verdict, excuse } = told(outcome);
    if (line.mbps > FLOOR_MBPS) expect({ verdict, excuse }).not.toEqual({ verdict: "fail", excuse: undefined });
    else expect(verdict).not.toBe("pass");
  });

  it("a line of 120 that lets its first seconds pass at 300 passes a short test and fails a full-length one", async () => {
    const line = { mbps: 120, queueMs: 50, lossPercent: 0, boost: { mbps: 300, megabytes: 65 } };
    const options = { floorMbps: FLOOR_MBPS, directions: ["download"], busyMbps: 1_000 };
    await session.lab.reshape(line);
    const { outcome: short } = await session.run(options);
    await session.lab.reshape(line);
    const { outcome: full } = await session.run(options, {}, true);
    // A machine that is busy elsewhere may show neither, but never the line as good once it was looked at for long.
    if (full.kind === "measured") expect(told(full).verdict).not.toBe("pass");
    if (wasStarved(short) || wasStarved(full)) return;
    expect(told(short)).toMatchObject({ verdict: "pass", excuse: undefined });
    expect(told(full)).toMatchObject({ verdict: "fail", excuse: undefined });
    expect(Math.abs(told(full).mbps / line.mbps - 1)).toBeLessThan(0.05);
  });

  it("80 Mbps of foreign traffic through a line of 200 is no fail of the line", async () => {
    await session.lab.reshape({ mbps: 200, queueMs: 50, lossPercent: 0 });
    const stop = await session.foreignDownload(80);
    const { outcome } = await session.run({ floorMbps: FLOOR_MBPS, directions: ["download"], busyMbps: 1_000 });
    stop();
    const { verdict, excuse } = told(outcome);
    expect({ verdict, excuse }).not.toEqual({ verdict: "fail", excuse: undefined });
  });

  it.each([
    ["a cable that negotiated 100 Mbps", { mbps: 94 }, { medium: "ethernet", speedMbps: 100 }, () => () => {}, ["nic_limited"]],
    ["a Wi-Fi uplink", { mbps: 94 }, { medium: "wifi" }, () => () => {}, ["wifi_uplink"]],
    ["a PC whose cores are all taken", { mbps: 94 }, {}, () => session.burdenPc(), ["cpu_bound"]],
    // On two cores the server's other work may keep the PC busy, too: it is the same machine.
    ["a server that has other work", { mbps: 300 }, {}, () => session.burdenServer(), ["server_saturated", "cpu_bound"]],
  ] as const)("%s is a reason, not a verdict", async (_name, { mbps }, nic, burden, reasons) => {
    await session.lab.reshape({ mbps, queueMs: 50, lossPercent: 0 });
    const relieve = burden();
    const { outcome } = await session.run({ floorMbps: FLOOR_MBPS, directions: ["download"] }, nic);
    relieve();
    // So starved that no sample came: then it says that, and blames nobody.
    if (outcome.kind === "failed") return expect(wasStarved(outcome)).toBe(true);
    const { verdict, excuse } = told(outcome);
    // What passes in spite of its burden needs no reason.
    if (verdict !== "pass") expect(reasons).toContain(excuse);
  });

  it("60 Mbps before the router are the LAN's, 60 Mbps behind it the line's", async ({ skip }) => {
    await session.lab.reshape({ mbps: 60, queueMs: 50, lossPercent: 0 });
    await session.lab.turnIntoRouter(true);
    const { outcome } = await session.runAwake({ floorMbps: FLOOR_MBPS }, 3);
    await session.lab.turnIntoRouter(false);
    skip(wasStarved(outcome), "the machine was busy elsewhere in each of three runs");
    if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
    // What shapes the way to the PC stands before the access node, as the PC sees it, and what shapes the way from it behind.
    expect(outcome.evidence?.download).toMatchObject({ lanLimited: true });
    expect(outcome.evidence?.upload).toMatchObject({ routerRttsMs: expect.any(Array) });
    expect(outcome.evidence?.upload).not.toHaveProperty("lanLimited");
  });

  it("an upload of 100 Mbps is counted where it arrives", async () => {
    await session.lab.reshape({ mbps: 100, queueMs: 50, lossPercent: 0 });
    const { outcome } = await session.run({ directions: ["upload"], capMs: 2_500 });
    if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
    const mbps = readingOf(outcome.readings, "upload_mbps") ?? Number.NaN;
    // More than the shaper lets through would be a count at the wrong end.
    expect(mbps).toBeLessThan(105);
    expect(mbps).toBeGreaterThan(50);
  });

  it("a line that gets slower under traffic still carries frames", async () => {
    await session.lab.reshape({ mbps: 900, queueMs: 50, lossPercent: 0 });
    const stop = await session.foreignTransfer();
    await session.lab.reshape({ mbps: 100, queueMs: 50, lossPercent: 0 });
    stop();
    expect(await session.lab.output("pc", "ping", "-c", "1", "-w", "10", SERVER_ADDRESS)).toContain("1 received");
  });

  it("a line that others fill is not tested at all", async () => {
    await session.lab.reshape({ mbps: 200, queueMs: 50, lossPercent: 0 });
    const stop = await session.foreignDownload(80);
    const { outcome } = await session.run({ floorMbps: FLOOR_MBPS });
    stop();
    expect(outcome).toMatchObject({ kind: "skipped", reason: "line_busy" });
  });

  // Last: afterwards there is no server.
  it("a server that is killed in the middle is a lost server, not a slow line", async () => {
    const run = session.run({ directions: ["download"], capMs: 8_000 });
    setTimeout(() => session.server.kill("SIGKILL"), 2_000);
    expect((await run).outcome).toMatchObject({ kind: "failed", reason: "server_lost" });
  });
});
