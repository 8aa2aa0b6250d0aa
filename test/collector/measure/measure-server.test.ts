import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LeaseClaims, MEASURE_STREAMS_MAX, MeasureTick, measurePaths } from "#schemas/measure.ts";
import { Problem } from "#schemas/problem.ts";
import { signLease } from "../../../collector/measure/lease-token.ts";
import { type MeasureServer, startMeasureServer } from "../../../collector/measure/measure-server.ts";
import { nodeFlags } from "../../support/node-flags.ts";

const secret = "a secret of tests, long enough to sign";
let server: MeasureServer;
let leases = 0;
beforeAll(async () => {
  server = await startMeasureServer({ host: "127.0.0.1", port: 0, secret, id: "lab" });
});
afterAll(() => server.close());

/** Headers of a fresh lease. */
function authorization(over: Partial<LeaseClaims> = {}): Record<string, string> {
  const claims = {
    lease: (leases++).toString(16).padStart(16, "0"),
    agent: "agt-0123456789abcdef",
    server: "lab",
    notBeforeMs: 0,
    expiresMs: Date.now() + 60_000,
    bytesMax: 1e8,
  };
  return { authorization: `Bearer ${signLease(LeaseClaims.parse({ ...claims, ...over }), secret)}` };
}
const get = (path: string, headers: Record<string, string>, signal = AbortSignal.timeout(10_000)) => fetch(`${server.url}${path}`, { headers, signal });

describe("a measure server", () => {
  it.each([measurePaths.ping, measurePaths.down, measurePaths.watch, "/"])("gives nothing of %s without a lease", async (path) => {
    const reply = await get(path, {});
    expect(reply.status).toBe(401);
    expect(Problem.parse(await reply.json()).code).toBe("lease_malformed");
  });

  it("lives without a lease, for whoever watches it", async () => {
    expect((await get("/health/live", {})).status).toBe(204);
  });

  it("marks its answers, so that nobody takes a login page for it", async () => {
    const reply = await get(measurePaths.ping, authorization());
    expect(reply.status).toBe(204);
    expect(reply.headers.get("hcc-measure")).toBe("1");
  });

  it("sends noise until the lease is used up, and then no more", async () => {
    const headers = authorization({ bytesMax: 1_000_000 });
    const body = Buffer.from(await (await get(measurePaths.down, headers)).arrayBuffer());
    expect(body.length).toBe(1_000_000);
    // Noise: each byte value comes about equally often.
    const counts = new Array<number>(256).fill(0);
    for (const byte of body) counts[byte] = (counts[byte] ?? 0) + 1;
    expect(Math.max(...counts)).toBeLessThan(1.2 * (1_000_000 / 256));
    expect((await get(measurePaths.down, headers)).status).toBe(429);
  });

  it("says so when its host gave it no time", async () => {
    const child = spawn(process.execPath, [...nodeFlags, fileURLToPath(new URL("../../lab/measure-child.ts", import.meta.url)), "127.0.0.1", secret], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    try {
      const [url] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
      const watch = await fetch(`${url}${measurePaths.watch}`, { headers: authorization(), signal: AbortSignal.timeout(3_500) });
      setTimeout(() => child.kill("SIGSTOP"), 1_000);
      setTimeout(() => child.kill("SIGCONT"), 1_800);
      const parts: string[] = [];
      const write = (part: string): void => {
        parts.push(part);
      };
      const reading = watch.body?.pipeThrough(new TextDecoderStream()).pipeTo(new WritableStream({ write }));
      await Promise.race([reading?.catch(() => {}), sleep(3_000)]);
      const ticks = parts
        .join("")
        .split("\n")
        .slice(0, -1)
        .map((line) => MeasureTick.parse(JSON.parse(line)));
      const stopped = ticks.findIndex(({ atMs }, index) => atMs - (ticks[index - 1]?.atMs ?? atMs) > 600);
      expect(ticks[stopped]).toMatchObject({ saturated: true });
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("counts what it receives and tells it on the watch", async () => {
    const headers = authorization();
    const stop = new AbortController();
    const watch = await get(measurePaths.watch, headers, stop.signal);
    const upload = await fetch(`${server.url}${measurePaths.up}`, { method: "POST", headers, body: new Uint8Array(300_000) });
    expect(upload.status).toBe(204);
    expect(await tickWith(watch, (tick) => tick.receivedBytes === 300_000)).toMatchObject({ sentBytes: 0 });
    stop.abort();
  });

  it("keeps leases apart", async () => {
    await (await get(measurePaths.down, authorization({ bytesMax: 50_000 }))).arrayBuffer();
    const watch = await get(measurePaths.watch, authorization());
    expect(await tickWith(watch, () => true)).toMatchObject({ sentBytes: 0, receivedBytes: 0 });
    await watch.body?.cancel();
  });

  it("opens no more streams than a lease may have", async () => {
    const headers = authorization({ bytesMax: 1e9 });
    const stop = new AbortController();
    const open = await Promise.all(Array.from({ length: MEASURE_STREAMS_MAX }, () => get(measurePaths.down, headers, stop.signal)));
    expect(open.every(({ status }) => status === 200)).toBe(true);
    expect((await get(measurePaths.down, headers)).status).toBe(429);
    stop.abort();
  });

  it.each([
    ["GET", measurePaths.up],
    ["POST", measurePaths.down],
    ["GET", "/etc/passwd"],
  ])("has no %s %s", async (method, path) => {
    const reply = await fetch(`${server.url}${path}`, { method, headers: authorization() });
    expect(reply.status).toBe(404);
  });

  it("refuses a lease of another server", async () => {
    expect((await get(measurePaths.ping, authorization({ server: "elsewhere" }))).status).toBe(401);
  });

  it("does not start with a secret that can be guessed", async () => {
    await expect(startMeasureServer({ host: "127.0.0.1", port: 0, secret: "short" })).rejects.toThrow("at least 32");
  });
});

describe("a measure server with a cap of 40 Mbps for each agent", () => {
  let capped: MeasureServer;
  beforeAll(async () => {
    capped = await startMeasureServer({ host: "127.0.0.1", port: 0, secret, id: "lab", rateMaxMbps: 40 });
  });
  afterAll(() => capped.close());

  it.each([
    ["download", (headers: Record<string, string>) => fetch(`${capped.url}${measurePaths.down}`, { headers }).then((reply) => reply.arrayBuffer())],
    ["upload", (headers: Record<string, string>) => fetch(`${capped.url}${measurePaths.up}`, { method: "POST", headers, body: new Uint8Array(1_000_000) })],
  ])("holds a %s back and says so on the watch", async (_name, move) => {
    const headers = authorization({ bytesMax: 1_000_001, agent: `agt-${leases.toString(16).padStart(16, "0")}` });
    const watch = await fetch(`${capped.url}${measurePaths.watch}`, { headers });
    const startedMs = performance.now();
    await move(headers).catch(() => undefined);
    // 8 Mbit at 40 Mbps take 200 ms, less a bucket of 20 ms.
    expect(performance.now() - startedMs).toBeGreaterThan(150);
    expect(await tickWith(watch, (tick) => tick.saturated)).toMatchObject({ saturated: true });
    await watch.body?.cancel();
  });
});

/** Reads the watch until a tick fits. */
async function tickWith(reply: Response, fits: (tick: MeasureTick) => boolean): Promise<MeasureTick> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of reply.body ?? []) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const tick = MeasureTick.parse(JSON.parse(line));
      if (fits(tick)) return tick;
    }
  }
  throw new Error("the watch ended");
}
