import { describe, expect, it } from "vitest";
import { z } from "zod";
import { EVIDENCE_BYTES_MAX } from "#schemas/observation.ts";
import { defineProbe, type Measured, type ProbeContext, ProbeError, ProbeSkip } from "../../agent/probe.ts";
import { observe, type RunContext } from "../../agent/runner.ts";

/** How long this PC has slept so far, ms. */
let sleptMs = 0;

const context: RunContext = {
  fetch,
  io: {} as RunContext["io"],
  mayReach: () => true,
  memory: { get: () => undefined, set: () => {} },
  log: () => {},
  nowMs: () => 0,
  trustedMs: () => 0,
  steadyMs: () => performance.now() + sleptMs,
};
const loss = (value: number) => ({ metric: "loss_percent", value }) as const;

/** Runs a probe whose `run` is the given function. */
function once(run: (context: ProbeContext) => Promise<Measured>, options: unknown = {}, deadlineMs = 5_000, stop?: AbortSignal) {
  const probe = defineProbe({ kind: "link-quality", options: z.looseObject({ count: z.int().optional() }), deadlineMs, run: (_, given) => run(given) });
  return observe(probe, options, context, stop);
}

describe("observe never rejects", () => {
  it.each<[string, () => Promise<Measured>, object]>([
    ["readings are measured", async () => ({ readings: [loss(0)] }), { kind: "measured", readings: [loss(0)] }],
    ["an excuse is kept", async () => ({ readings: [loss(1)], excuse: "line_busy" }), { kind: "measured", excuse: "line_busy" }],
    [
      "ProbeError is failed",
      () => Promise.reject(new ProbeError("refused", "10.0.0.2 refused")),
      { kind: "failed", reason: "refused", detail: "10.0.0.2 refused" },
    ],
    ["ProbeSkip is skipped", () => Promise.reject(new ProbeSkip("no_target", "no printer")), { kind: "skipped", reason: "no_target", detail: "no printer" }],
    [
      "any other error is our fault",
      () => Promise.reject(new TypeError("x is\u001b[31m undefined")),
      { kind: "failed", reason: "internal", detail: "TypeError: x is undefined" },
    ],
    ["even a thrown string", () => Promise.reject("boom"), { kind: "failed", reason: "internal", detail: "boom" }],
    [
      "a throw before the first await",
      () => {
        throw new RangeError("early");
      },
      { kind: "failed", reason: "internal", detail: "RangeError: early" },
    ],
    ["no readings are malformed", async () => ({ readings: [] }), { kind: "failed", reason: "malformed" }],
    [
      "a value out of bounds is malformed and named",
      async () => ({ readings: [loss(0), loss(101)] }),
      { kind: "failed", reason: "malformed", detail: "reading 1 (loss_percent): loss_percent must lie within 0 and 100" },
    ],
    ["NaN is malformed", async () => ({ readings: [loss(Number.NaN)] }), { kind: "failed", reason: "malformed" }],
    [
      "a label that the metric has not is malformed",
      async () => ({ readings: [{ ...loss(1), labels: { ssid: "x" } }] }),
      { kind: "failed", reason: "malformed" },
    ],
    [
      "oversized evidence is malformed",
      async () => ({ readings: [loss(1)], evidence: { text: "x".repeat(EVIDENCE_BYTES_MAX) } }),
      { kind: "failed", reason: "malformed" },
    ],
    [
      "oversized evidence of a failure is dropped",
      () => Promise.reject(new ProbeError("tls", "t", { text: "x".repeat(EVIDENCE_BYTES_MAX) })),
      { kind: "failed", reason: "tls", detail: "t" },
    ],
  ])("%s", async (_, run, expected) => {
    expect(await once(run)).toMatchObject(expected);
  });

  it("wrong options name the field and do not run", async () => {
    let ran = false;
    const outcome = await once(
      async () => {
        ran = true;
        return { readings: [loss(0)] };
      },
      { count: "many" },
    );
    expect(outcome).toMatchObject({ kind: "failed", reason: "bad_options", detail: expect.stringContaining("options.count") });
    expect(ran).toBe(false);
  });

  it("a run past its deadline is a timeout when it listens", async () => {
    const listens = (given: ProbeContext) => new Promise<Measured>((_, reject) => given.signal.addEventListener("abort", () => reject(given.signal.reason)));
    expect(await once(listens, {}, 20)).toMatchObject({ kind: "failed", reason: "timeout", detail: "no result within 20 ms" });
  });

  it("and is given up when it does not listen", async () => {
    expect(await once(() => new Promise(() => {}), {}, 20)).toMatchObject({ kind: "failed", reason: "timeout" });
  });

  it("stops early when the agent stops", async () => {
    const listens = (given: ProbeContext) => new Promise<Measured>((_, reject) => given.signal.addEventListener("abort", () => reject(given.signal.reason)));
    expect(await once(listens, {}, 60_000, AbortSignal.abort())).toMatchObject({ kind: "failed" });
  }, 5_000);
});

describe("an outcome holds no secret of its options", () => {
  const secret = "cAnary/8842 ä";
  const options = { targets: [{ address: "10.0.0.2", snmp: { version: "2c", community: secret } }] };

  it.each<[string, () => Promise<Measured>]>([
    ["in the detail of an error", () => Promise.reject(new Error(`login with ${secret} failed`))],
    ["percent-encoded in a URL", () => Promise.reject(new ProbeError("auth_failed", `http://u:${encodeURIComponent(secret)}@10.0.0.2/`))],
    ["in evidence", async () => ({ readings: [loss(0)], evidence: { deep: [{ said: `hello ${secret}`, [secret]: 1 }] } })],
    ["in a label", async () => ({ readings: [{ ...loss(0), labels: { hop: secret } }] })],
  ])("%s", async (_, run) => {
    const said = JSON.stringify(await once(run, options));
    expect(said).toContain("[redacted]");
    expect(said).not.toContain("8842");
  });

  it("but the factory word public stays readable", async () => {
    const outcome = await once(() => Promise.reject(new Error("not public")), { snmp: { version: "2c", community: "public" } });
    expect(outcome).toMatchObject({ detail: "Error: not public" });
  });
});

it("a run during which the PC stood still says so, whatever it found", async () => {
  const stalled = { kind: "failed", reason: "timeout", detail: "this PC stood still during the run" };
  const asleep = (found: () => Promise<Measured>) =>
    once(async () => {
      sleptMs += 9_000;
      return found();
    });
  expect(await asleep(async () => ({ readings: [loss(100)] }))).toEqual(stalled);
  expect(await asleep(() => Promise.reject(new ProbeError("timeout", "nobody")))).toEqual(stalled);
  expect(await once(async () => ({ readings: [loss(0)] }))).toMatchObject({ kind: "measured" });
});
