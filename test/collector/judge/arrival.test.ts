import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Centre } from "#schemas/inventory.ts";
import type { Reading } from "#schemas/observation.ts";
import { findingsOf } from "../../../collector/store/findings.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { measured } from "../../support/batches.ts";
import { DAY, HOUR, MINUTE, plan } from "../../support/facts.ts";
import { type JudgedProvince, openJudgedProvince, type Said } from "../../support/judged-province.ts";

/** `HCC_PROPERTY_RUNS=500` for a long search by chance. A run is two centres with all their batches, so the suite takes a few, the same each time. */
const RUNS = process.env.HCC_PROPERTY_RUNS ? { numRuns: Number(process.env.HCC_PROPERTY_RUNS) } : { numRuns: 3, seed: 890 };
const TIMEOUT_MS = 7_200_000;
const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const END = vn("2026-11-26T10:00");

const said = (probe: Said["probe"], atMs: number, readings: Reading[], target?: string): Said => ({
  probe,
  atMs,
  outcome: measured(readings),
  ...(target !== undefined && { target }),
});
const portal = (id: string, ago: number) =>
  said(
    "portal-http",
    END - ago * MINUTE,
    [
      { metric: "portal_up", value: 1, labels: { portal: id } },
      { metric: "portal_status", value: 200, labels: { portal: id } },
    ],
    id,
  );
const pcs = (daysAgo: number) =>
  said(
    "office-devices",
    END - daysAgo * DAY - HOUR,
    [0, 1].map((pc) => ({ metric: "device_up", value: 1, labels: { device: `pc-${pc}`, role: "officer-pc" } })),
  );

/** Just enough for a pass of each of these; without any one piece there is none. */
const needed: Readonly<Record<string, readonly Said[]>> = {
  R01: [said("link-bandwidth", END - DAY, [{ metric: "download_mbps", value: 240, labels: { server: "s1" } }], "s1")],
  R03: [5, 35].map((ago) => said("camera-presence", END - ago * MINUTE, [{ metric: "camera_up", value: 1, labels: { camera: "c1" } }])),
  R10: [0, 1, 2].map(pcs),
  R16: plan.portals.flatMap(({ id }) => [5, 15, 25].map((ago) => portal(id, ago))),
};
const pieces = Object.entries(needed).flatMap(([id, list]) => list.map((piece) => ({ id, piece })));
/** What changes a state on the way and not at the end. */
const noise = [1, 2, 3].map((days) =>
  said("link-bandwidth", END - days * DAY - HOUR, [{ metric: "download_mbps", value: 120, labels: { server: "s2" } }], "s2"),
);

let province: JudgedProvince;
let centres = 0;
beforeAll(async () => {
  province = await openJudgedProvince({ centres: [], nowMs: END - 10 * DAY, policies: [plan] });
}, 180_000);
afterAll(() => province?.db.close());

type Sent = { readonly said: Said; readonly lane: "live" | "backlog"; readonly together: boolean };

/** Sends a history to a centre of its own, in its order, and gives what is judged at the end, without what names the centre and its stream. */
async function judgedAfter(history: readonly Sent[]): Promise<Map<string, unknown>> {
  const code = `xa-${++centres}`;
  await importCentres(province.db, [Centre.parse({ code, name: code, officers: 2 })], END - 10 * DAY);
  const one = await province.restart(END - 10 * DAY, [plan]);
  for (const batch of batchesOf(history))
    await one.send(
      code,
      END,
      batch.map((sent) => sent.said),
      batch[0]?.lane ?? "live",
    );
  await one.judge.judge(one.siteIdOf(code), "all", END, false);
  const found = await findingsOf(one.db, one.siteIdOf(code));
  return new Map(found.map(({ centre: _, evidence, requirement, ...rest }) => [requirement, { ...rest, evidence: evidence.length }]));
}

/** Neighbours that go together are one batch. */
function batchesOf(history: readonly Sent[]): Sent[][] {
  const batches: Sent[][] = [];
  for (const sent of history) {
    const last = batches.at(-1);
    if (sent.together && last && last[0]?.lane === sent.lane) last.push(sent);
    else batches.push([sent]);
  }
  return batches;
}

const sendings = (list: readonly Said[]) =>
  fc
    .tuple(
      fc.shuffledSubarray([...list], { minLength: list.length, maxLength: list.length }),
      fc.array(fc.record({ lane: fc.constantFrom("live" as const, "backlog" as const), together: fc.boolean() }), {
        minLength: list.length,
        maxLength: list.length,
      }),
    )
    .map(([order, ways]) => order.map((one, at): Sent => ({ said: one, lane: "live", together: false, ...ways[at] })));

describe("through the way in, the store and the judge", () => {
  it(
    "the order in which batches arrive changes no finding, and a hole in the evidence lets none pass",
    async () => {
      const holes = fc.subarray(pieces.map((_, at) => at));
      const histories = holes.chain((missing) => {
        const left = pieces.filter((_, at) => !missing.includes(at)).map(({ piece }) => piece);
        return fc.record({ missing: fc.constant(missing), left: fc.constant(left), sent: sendings([...left, ...noise]) });
      });
      await fc.assert(
        fc.asyncProperty(histories, async ({ missing, left, sent }) => {
          const inOrder = [...left, ...noise].sort((a, b) => a.atMs - b.atMs).map((one): Sent => ({ said: one, lane: "live", together: true }));
          const [expected, found] = [await judgedAfter(inOrder), await judgedAfter(sent)];
          expect(found).toEqual(expected);
          expect([...found.keys()].sort()).toEqual(plan.requirements.map(({ id }) => id).sort());
          for (const id of Object.keys(needed)) {
            const isWhole = !missing.some((at) => pieces[at]?.id === id);
            expect([id, (found.get(id) as { state: string }).state === "pass"]).toEqual([id, isWhole]);
          }
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );
});
