import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Outcome, readingOf } from "#schemas/observation.ts";
import type { Probe } from "../../../agent/probe.ts";
import { linkBandwidth } from "../../../agent/probes/link-bandwidth/probe.ts";
import { observe } from "../../../agent/runner.ts";
import { signLease } from "../../../collector/measure/lease-token.ts";
import { type MeasureServer, startMeasureServer } from "../../../collector/measure/measure-server.ts";
import { probeContext } from "../../support/probe-context.ts";

const secret = "a secret of tests, long enough to sign";
let server: MeasureServer;
beforeAll(async () => {
  server = await startMeasureServer({ host: "127.0.0.1", port: 0, secret, id: "lab" });
});
afterAll(() => server.close());

function lease(over: { expiresMs?: number; bytesMax?: number; secret?: string } = {}) {
  const bytesMax = over.bytesMax ?? 4e9;
  const expiresMs = over.expiresMs ?? Date.now() + 60_000;
  const claims = { lease: "00000000000000ab", agent: "agt-0123456789abcdef", server: "lab", notBeforeMs: 0, expiresMs, bytesMax };
  const token = signLease(claims, over.secret ?? secret);
  return { id: claims.lease, token, server: { id: "lab", url: server.url }, expiresAt: new Date(expiresMs).toISOString(), bytesMax, capMs: 4_000 };
}
const run = (options: unknown) => observe(linkBandwidth as unknown as Probe<never>, options, probeContext());

describe("a test over loopback", () => {
  it("passes a floor in both directions in one to two seconds each", async () => {
    const outcome = await run({ lease: lease(), floorMbps: 50 });
    expect(Outcome.safeParse(outcome).success).toBe(true);
    if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
    expect(outcome.excuse).toBeUndefined();
    expect(readingOf(outcome.readings, "download_mbps", { server: "lab" })).toBeGreaterThan(50);
    expect(readingOf(outcome.readings, "upload_mbps", { server: "lab" })).toBeGreaterThan(50);
    expect(outcome.evidence).toMatchObject({ download: { verdict: "pass", isLowerBound: true, streams: 4 }, upload: { verdict: "pass" } });
  });
});
