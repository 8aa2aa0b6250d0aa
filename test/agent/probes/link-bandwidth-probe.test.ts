import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { measurePaths } from "#schemas/measure.ts";
import { readingOf } from "#schemas/observation.ts";
import type { Io } from "../../../agent/io/io.ts";
import { headerFactorOf } from "../../../agent/probes/link-bandwidth/connection.ts";
import { linkBandwidth } from "../../../agent/probes/link-bandwidth/probe.ts";
import { probes } from "../../../agent/probes/registry.ts";
import { observe } from "../../../agent/runner.ts";
import { signLease } from "../../../collector/measure/lease-token.ts";
import { type MeasureServer, startMeasureServer } from "../../../collector/measure/measure-server.ts";
import { type PacedRelay, startPacedRelay } from "../../support/paced-relay.ts";
import { probeContext } from "../../support/probe-context.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { datedCertificate, testCertificate } from "../../support/test-certificate.ts";

const secret = "a secret of tests, long enough to sign";
const LINE_MBPS = 24;
let server: MeasureServer;
let line: PacedRelay;
let leases = 0;
beforeAll(async () => {
  server = await startMeasureServer({ host: "127.0.0.1", port: 0, secret, id: "lab" });
  line = await startPacedRelay(Number(new URL(server.url).port), LINE_MBPS);
});
afterAll(async () => {
  await line.close();
  await server.close();
});

/** A lease for the line of 24 Mbps, or for another port. */
function lease(over: { bytesMax?: number; secret?: string; port?: number; passMs?: number } = {}) {
  const bytesMax = over.bytesMax ?? 1e9;
  const expiresMs = Date.now() + 60_000;
  const claims = { lease: (leases++).toString(16).padStart(16, "0"), agent: "agt-0123456789abcdef", server: "lab", notBeforeMs: 0, expiresMs, bytesMax };
  const url = `http://127.0.0.1:${over.port ?? line.port}`;
  return {
    id: claims.lease,
    token: signLease(claims, over.secret ?? secret),
    server: { id: "lab", url },
    expiresAt: new Date(expiresMs).toISOString(),
    bytesMax,
    capMs: 15_000,
    ...(over.passMs !== undefined && { passMs: over.passMs }),
  };
}

function run(options: unknown, io: Partial<Io> = {}, over: Parameters<typeof probeContext>[0] = {}) {
  const probe = probes.get(linkBandwidth.kind);
  if (!probe) throw new Error("link-bandwidth is not registered");
  return observe(probe, options, probeContext({ ...over, io }));
}

describe("a test of a line of 24 Mbps", () => {
  it("clears a floor of 12 in both directions, one after the other", async () => {
    const outcome = await run({ lease: lease(), floorMbps: 12 });
    if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
    for (const direction of ["download", "upload"] as const) {
      expect(readingOf(outcome.readings, `${direction}_mbps`, { server: "lab" })).toBeGreaterThan(12);
      expect(readingOf(outcome.readings, `${direction}_mbps`)).toBeLessThan(30);
      expect(readingOf(outcome.readings, "loaded_rtt_ms", { direction })).toBeGreaterThan(0);
      expect(outcome.evidence?.[direction]).toMatchObject({ leans: "pass", warmupSamples: expect.any(Number) });
    }
  });

  it("fails a floor of 60, and tries three times the streams before it says so when no queue stands", async () => {
    const outcome = await run({ lease: lease(), floorMbps: 60, directions: ["download"] });
    if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
    expect(outcome.evidence?.download).toMatchObject({ verdict: "fail", isLowerBound: false });
    expect(readingOf(outcome.readings, "upload_mbps")).toBeUndefined();
  });

  it("names the cable when it is the limit", async () => {
    const readInterface: Io["readInterface"] = async (name) => ({ name, medium: "ethernet", speedMbps: 10 });
    const outcome = await run({ lease: lease(), floorMbps: 60, directions: ["download"] }, { readInterface });
    expect(outcome).toMatchObject({ kind: "measured", excuse: "nic_limited", evidence: { nic: { speedMbps: 10 } } });
  });

  it.each([
    ["is busy before the start: postponed", {}, { kind: "skipped", reason: "line_busy" }],
    [
      "is busy during the test: what others take is the line's, too",
      { busyMbps: 1_000 },
      { kind: "measured", evidence: { download: { verdict: expect.stringMatching(/^(pass|borderline)$/), foreignMbps: expect.any(Number) } } },
    ],
  ])("the router says that the line %s", async (_name, options, expected) => {
    const wan = { address: "192.0.2.1", snmp: { version: "2c" }, ifIndex: 3 };
    const outcome = await run({ lease: lease(), floorMbps: 60, directions: ["download"], wan, ...options }, { openSnmp: busyRouter(3, 60 + LINE_MBPS) });
    expect(outcome).toMatchObject(expected);
  });

  it("stops when the lease is used up and judges by what it has", async () => {
    const faster = await startPacedRelay(Number(new URL(server.url).port), 160);
    const outcome = await run({ lease: lease({ bytesMax: 30e6, port: faster.port }), directions: ["download"], capMs: 15_000 });
    // A machine that is busy elsewhere may get too few samples out of these bytes: then it says so.
    if (outcome.kind === "measured") expect(outcome.evidence?.download).toMatchObject({ endedBy: "budget" });
    else expect(outcome).toMatchObject({ kind: "skipped", reason: "lease_used" });
    await faster.close();
  });

  it("says so when the lease was too small for any answer, and what it used", async () => {
    expect(await run({ lease: lease({ bytesMax: 500_000 }), directions: ["download"] })).toMatchObject({
      kind: "skipped",
      reason: "lease_used",
      evidence: { spentBytes: expect.toSatisfy((bytes: number) => bytes > 0) },
    });
  });

  it("is not lost with a lease that is used up behind the direction that the plan asks for", async () => {
    // What the loopback carries in a moment: the upload finds nothing left of it, or too little for an answer.
    const fast = lease({ bytesMax: 60e6, port: Number(new URL(server.url).port) });
    const outcome = await run({ lease: fast, floorMbps: 100, floorDirections: ["download"] });
    if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
    expect(outcome.evidence?.download).toMatchObject({ verdict: "pass", endedBy: expect.stringMatching(/^(budget|decision)$/) });
    const bytes = (["download", "upload"] as const).map((direction) => readingOf(outcome.readings, "bandwidth_test_bytes", { direction }));
    expect(bytes).toEqual([expect.any(Number), expect.any(Number)]);
  });

  it.each([
    ["a direction that the plan asks for finds nothing left", { floorMbps: 200, floorDirections: ["upload"] }],
    ["neither direction has enough", {}],
  ])("comes to nothing where %s", async (_, options) => {
    const fast = lease({ bytesMax: 2e6, port: Number(new URL(server.url).port) });
    expect(await run({ lease: fast, ...options })).toMatchObject({ kind: "skipped", reason: "lease_used" });
  });

  it("carries as long as a full-length lease asks before it passes, in the directions with a floor alone", async () => {
    const outcome = await run({ lease: lease({ passMs: 3_500 }), floorMbps: 12, floorDirections: ["download"] });
    if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
    const { download, upload } = outcome.evidence as Record<string, { carriedMs: number; passMs?: number; verdict: string; isLowerBound: boolean }>;
    // On a busy machine the line of the test itself may waver so much that nothing is clear.
    if (download?.verdict === "pass") expect(download).toMatchObject({ passMs: 3_500, isLowerBound: false });
    expect(download?.carriedMs).toBeGreaterThanOrEqual(3_500);
    expect(upload).not.toHaveProperty("passMs");
  });

  it("whose full-length test fails asks for another one, until one passes", async () => {
    const { memory } = probeContext();
    const asks = () => linkBandwidth.asksFullLength?.(memory);
    const test = (floorMbps: number) => run({ lease: lease({ passMs: 1_000 }), floorMbps, directions: ["download"] }, {}, { memory });
    expect(asks()).toBe(false);
    await test(60);
    expect(asks()).toBe(true);
    await test(8);
    expect(asks()).toBe(false);
  });

  it("a direction that the plan does not ask for needs no excuse", async () => {
    const readInterface: Io["readInterface"] = async (name) => ({ name, medium: "wifi" });
    const upload = { lease: lease(), floorMbps: 60, directions: ["upload"] };
    expect(await run({ ...upload, floorDirections: ["download"] }, { readInterface })).not.toHaveProperty("excuse");
  });
});

describe("what is no measurement of the line", () => {
  it("without a lease nothing is tested", async () => {
    expect(await run({ server: { id: "lab", url: server.url } })).toMatchObject({ kind: "skipped", reason: "no_lease" });
  });

  it("a lease that the server does not trust, which is no wrong password of a device", async () => {
    const outcome = await run({ lease: lease({ secret: "another secret, also long enough" }) });
    expect(outcome).toMatchObject({ kind: "failed", reason: "refused", detail: expect.stringContaining("refused the lease") });
  });

  it("a server that is not there", async () => {
    const port = await closedPort();
    expect(await run({ lease: lease({ port }) })).toMatchObject({ kind: "failed", reason: "refused" });
  });

  it("a login page that answers in the server's place", async () => {
    await withServer(
      (_request, response) => response.end("<html>log in</html>"),
      async (port) => {
        expect(await run({ lease: lease({ port }) })).toMatchObject({ kind: "failed", reason: "bad_reply", evidence: { captive: true } });
      },
    );
  });

  it("a server that dies in the middle", async () => {
    const mortal = await startMeasureServer({ host: "127.0.0.1", port: 0, secret, id: "lab" });
    const relay = await startPacedRelay(Number(new URL(mortal.url).port), LINE_MBPS);
    setTimeout(() => void mortal.close(), 1_200);
    expect(await run({ lease: lease({ port: relay.port }), capMs: 5_000 })).toMatchObject({ kind: "failed", reason: "server_lost" });
    await relay.close();
  });

  it("a server that sends nothing", async () => {
    const mute: RequestListener = (request, response) => {
      response.setHeader("hcc-measure", "1");
      if (request.url === measurePaths.ping) response.writeHead(204).end();
      else response.writeHead(200).flushHeaders();
    };
    await withServer(mute, async (port) => {
      expect(await run({ lease: lease({ port }) })).toMatchObject({ kind: "failed", reason: "timeout" });
    });
  });

  it("a server that stops in the middle and says nothing any more", async () => {
    const startedMs = performance.now();
    const isAwake = () => performance.now() - startedMs < 1_200;
    const stalling: RequestListener = (request, response) => {
      response.setHeader("hcc-measure", "1");
      if (request.url === measurePaths.ping) return void (isAwake() && response.writeHead(204).end());
      const say =
        request.url === measurePaths.watch
          ? () => `{"atMs":${performance.now()},"receivedBytes":0,"sentBytes":0,"saturated":false}\n`
          : () => Buffer.alloc(50_000);
      const timer = setInterval(() => (isAwake() ? response.write(say()) : clearInterval(timer)), 50);
      response.once("close", () => clearInterval(timer));
    };
    await withServer(stalling, async (port) => {
      expect(await run({ lease: lease({ port }), directions: ["download"], floorMbps: 1_000 })).toMatchObject({ kind: "failed", reason: "server_lost" });
    });
  });

  it("a server that tells nonsense about an upload", async () => {
    const liar: RequestListener = (request, response) => {
      response.setHeader("hcc-measure", "1");
      if (request.url === measurePaths.ping) response.writeHead(204).end();
      else if (request.url === measurePaths.watch) response.writeHead(200).write('{"atMs":1\n[]\n\u0000\n{"atMs":"soon","receivedBytes":-1}\n');
      else request.resume();
    };
    await withServer(liar, async (port) => {
      expect(await run({ lease: lease({ port, bytesMax: 5e6 }), directions: ["upload"] })).toMatchObject({ kind: "failed" });
    });
  });
});

it.each([
  [4, 1514 / 1448],
  [6, 1514 / 1428],
])("a full frame of IPv%d carries its own share of headers", (family, factor) => {
  expect(headerFactorOf({ family })).toBeCloseTo(factor, 6);
});

it.each([
  ["floorMbps", { floorMbps: -1 }],
  ["directions", { directions: [] }],
  ["capMs", { capMs: 60_000 }],
  [
    "lease.token",
    { lease: { ...{ id: "x", server: { id: "lab", url: "http://127.0.0.1" }, expiresAt: "2026-01-01T00:00:00.000Z", bytesMax: 1, capMs: 1 }, token: 1 } },
  ],
])("wrong options name the field %s", async (field, options) => {
  expect(await run(options)).toMatchObject({ kind: "failed", reason: "bad_options", detail: expect.stringContaining(field) });
});

/** A router whose WAN interface carries a steady rate towards the LAN. */
function busyRouter(ifIndex: number, mbps: number): Io["openSnmp"] {
  return () => ({
    get: async (oids) => new Map(oids.map((oid) => [oid, oid === `1.3.6.1.2.1.31.1.1.1.6.${ifIndex}` ? (performance.now() * mbps * 1_000) / 8 : 0])),
    first: async () => undefined,
    walk: async () => [],
    [Symbol.dispose]: () => {},
  });
}

async function withServer(listener: RequestListener, use: (port: number) => Promise<void>): Promise<void> {
  const fake: Server = createServer(listener);
  await new Promise<void>((resolve) => fake.listen(0, "127.0.0.1", resolve));
  try {
    await use((fake.address() as AddressInfo).port);
  } finally {
    fake.closeAllConnections();
    await new Promise((resolve) => fake.close(resolve));
  }
}

async function closedPort(): Promise<number> {
  let port = 0;
  await withServer(
    () => {},
    async (open) => {
      port = open;
    },
  );
  return port;
}

it.skipIf(!requirePeer("openssl"))("a test over https names the clock where the server's certificate is not valid at its time", async () => {
  const { certFile, keyFile, ca } = datedCertificate(temporaryFolder(), "2020-01-01", "2021-01-01");
  const front = createTlsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }).listen(0, "127.0.0.1");
  await once(front, "listening");
  const own = lease();
  const secured = { ...own, server: { ...own.server, url: `https://localhost:${(front.address() as AddressInfo).port}` } };
  const outcome = await run({ lease: secured, floorMbps: 12, ca });
  front.close();
  expect(outcome).toMatchObject({ kind: "failed", reason: "tls", detail: expect.stringContaining("clock"), evidence: { pcClock: "unproven" } });
});

describe.skipIf(!requirePeer("openssl"))("a test over https of a server that the province's own authority certifies", () => {
  it("needs that authority, and with it all streams go", async () => {
    const { certFile, keyFile, ca } = testCertificate(temporaryFolder());
    const front = createTlsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (secure) => {
      const plain = connect(line.port, "127.0.0.1");
      for (const socket of [secure, plain]) socket.on("error", () => [secure, plain].map((end) => end.destroy()));
      secure.pipe(plain).pipe(secure);
    }).listen(0, "127.0.0.1");
    await once(front, "listening");
    const own = lease();
    const secured = { ...own, server: { ...own.server, url: `https://localhost:${(front.address() as AddressInfo).port}` } };
    expect(await run({ lease: secured, floorMbps: 12 })).toMatchObject({ kind: "failed" });
    const outcome = await run({ lease: secured, floorMbps: 12, ca });
    front.close();
    if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
    for (const direction of ["download", "upload"] as const) expect(readingOf(outcome.readings, `${direction}_mbps`)).toBeGreaterThan(12);
  });
});
