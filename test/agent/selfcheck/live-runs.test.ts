import { expect, it } from "vitest";
import { openMemory } from "../../../agent/probe-memory.ts";
import { liveRuns } from "../../../agent/selfcheck/live-runs.ts";
import type { CollectorClient } from "../../../agent/uplink/collector-client.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

it.each([
  ["a full-length one where the agent's last one did not pass: a short one would", true, { fullLength: true }],
  ["any one else", false, {}],
] as const)("a speed test of the self-check is %s", async (_name, asks, expected) => {
  const folder = temporaryFolder();
  const memory = openMemory(folder, "link-bandwidth", () => {});
  memory.set("full-length", asks);
  memory.save();
  const bodies: unknown[] = [];
  const send = async ({ body }: { body: Buffer }) => {
    bodies.push(JSON.parse(body.toString()));
    return { status: 200, body: { granted: false, reason: "not_due", retryAfterS: 60 } };
  };
  await liveRuns(folder, () => true, new AbortController().signal).testSpeed({ send } as unknown as CollectorClient, {}, []);
  expect(bodies).toEqual([expected]);
});

it("a speed test of the self-check goes to no server that the configuration does not name", async () => {
  const paths: string[] = [];
  const lease = { id: "l", token: "t", server: { id: "other", url: "http://127.0.0.1:9" }, expiresAt: "2026-11-28T00:00:00.000Z", bytesMax: 1, capMs: 2_000 };
  const send = async ({ path }: { path: string }) => {
    paths.push(path);
    return { status: 200, body: { granted: true, lease } };
  };
  const live = liveRuns(temporaryFolder(), () => true, new AbortController().signal);
  const servers = [{ id: "province", url: "https://do.tinh.vn" }];
  const outcome = await live.testSpeed({ send } as unknown as CollectorClient, {}, servers);
  expect([outcome, live.fresh]).toMatchObject([{ kind: "skipped", reason: "no_lease" }, []]);
  expect(paths).toEqual(["/v1/leases", "/v1/leases/l/return"]);
});
