import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Outcome } from "#schemas/observation.ts";
import { requirePeer } from "../support/require-peer.ts";
import { LAN_HOOK_MS, runLan } from "./lan-run.ts";

const isRoot = userInfo().uid === 0;

/** Namespaces need root. The kernel itself takes the link away, as it does when a plug comes out. */
describe.skipIf(!isRoot || !requirePeer("ip"))("a gateway PC with a second way out", () => {
  const folder = mkdtempSync(join(tmpdir(), "hcc-ways-"));
  let lines: string[] = [];
  beforeAll(async () => {
    lines = await runLan("two-ways.sh", folder);
  }, LAN_HOOK_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const down = { kind: "measured", readings: [{ metric: "camera_up", value: 0 }, { value: 0 }] };
  const cutOff = { kind: "failed", reason: "no_route", detail: expect.stringContaining("network cable") };
  it.each([
    ["cable in, both devices there", 0, down, [1, 1]],
    ["cable in, both devices off", 1, down, [0, 0]],
    ["the plug is out, the address is kept", 2, cutOff, undefined],
    ["the address is gone, too", 3, cutOff, undefined],
    ["the cable is in again", 4, down, [0, 0]],
  ] as const)("%s", (_, line, camera, ups) => {
    const [seen, counted] = (JSON.parse(lines[line] ?? "[]") as unknown[]).map((outcome) => Outcome.parse(outcome));
    expect(seen).toMatchObject(camera);
    if (ups === undefined) return expect(counted).toMatchObject(cutOff);
    expect(counted?.kind === "measured" && counted.readings.filter(({ metric }) => metric === "device_up").map(({ value }) => value)).toEqual(ups);
  });
});
