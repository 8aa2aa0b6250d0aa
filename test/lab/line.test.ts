import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Outcome, readingOf } from "#schemas/observation.ts";
import { LabSession, wasStarved } from "./lab-session.ts";
import { plainLine, requireLab } from "./line-lab.ts";

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

  // What random loss does depends on the machine's own load as much as on the line: `npm run bench -- link` measures it.
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

  it("an upload of 100 Mbps is counted where it arrives", async () => {
    await session.lab.reshape({ mbps: 100, queueMs: 50, lossPercent: 0 });
    const { outcome } = await session.run({ directions: ["upload"], capMs: 2_500 });
    if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
    const mbps = readingOf(outcome.readings, "upload_mbps") ?? Number.NaN;
    // More than the shaper lets through would be a count at the wrong end.
    expect(mbps).toBeLessThan(105);
    expect(mbps).toBeGreaterThan(50);
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
