import { expect, it } from "vitest";
import type { Outcome } from "#schemas/observation.ts";
import { askLease, returnLease } from "../../agent/lease.ts";
import type { CollectorClient } from "../../agent/uplink/collector-client.ts";

const lease = { id: "l", token: "t", server: { id: "s", url: "http://127.0.0.1:9" }, expiresAt: "2026-11-28T00:00:00.000Z", bytesMax: 4e8, capMs: 4_000 };

it.each([
  [
    "a test what both directions moved",
    {
      kind: "measured",
      readings: [
        { metric: "bandwidth_test_bytes", value: 3e7 },
        { metric: "download_mbps", value: 200 },
        { metric: "bandwidth_test_bytes", value: 1e7 },
      ],
    },
    4e7,
  ],
  ["a test that lost its server what it had used until then", { kind: "failed", reason: "server_lost", evidence: { spentBytes: 9e7 } }, 9e7],
  ["a test that used up its lease without an answer all of that", { kind: "skipped", reason: "lease_used", evidence: { spentBytes: 2e7 } }, 2e7],
  ["a test that found the line busy nothing", { kind: "skipped", reason: "line_busy" }, 0],
  ["a nonsensical account nothing", { kind: "failed", reason: "internal", evidence: { spentBytes: "much" } }, 0],
] satisfies [string, Outcome, number][])("%s counts for the month's data", async (_name, outcome, usedBytes) => {
  const bodies: unknown[] = [];
  const client = { send: async ({ body }: { body: Buffer }) => void bodies.push(JSON.parse(body.toString())) } as unknown as CollectorClient;
  await returnLease(client, lease, outcome, AbortSignal.timeout(1_000));
  expect(bodies).toEqual([{ usedBytes }]);
});

it.each([
  ["a collector that knows full-length tests is asked once", true, [{ server: "s", fullLength: true }]],
  ["one that does not is asked for a short one", false, [{ server: "s", fullLength: true }, { server: "s" }]],
] as const)("%s", async (_name, isNew, expected) => {
  const bodies: unknown[] = [];
  const send = async ({ body }: { body: Buffer }) => {
    const request = JSON.parse(body.toString()) as object;
    bodies.push(request);
    return isNew || !("fullLength" in request)
      ? { status: 200, body: { granted: true, lease } }
      : { status: 422, body: {}, problem: { code: "lease_request_invalid" } };
  };
  const client = { send } as unknown as CollectorClient;
  expect(await askLease(client, { server: "s", fullLength: true }, AbortSignal.timeout(1_000))).toEqual({ lease });
  expect(bodies).toEqual(expected);
});
