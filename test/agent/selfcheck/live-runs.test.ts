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
  await liveRuns(folder, new AbortController().signal).testSpeed({ send } as unknown as CollectorClient, {});
  expect(bodies).toEqual([expected]);
});
