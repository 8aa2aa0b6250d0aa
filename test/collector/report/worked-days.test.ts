import { expect, it } from "vitest";
import { Centre } from "#schemas/inventory.ts";
import { monthDesk } from "../../../collector/report/month-desk.ts";
import { measured } from "../../support/batches.ts";
import { DAY, MINUTE, plan } from "../../support/facts.ts";
import { openJudgedProvince, type Said } from "../../support/judged-province.ts";

const vn = (local: string) => Date.parse(`2026-11-${local}:00+07:00`);

it("a portal that fails on Friday until the counters close is no breach of the days off, nor of Monday", async () => {
  const nowMs = vn("10T12:00");
  const province = await openJudgedProvince({
    centres: [Centre.parse({ code: "xa-1", name: "Xã 1", officers: 2 })],
    nowMs: vn("05T00:00") - DAY,
    policies: [plan],
  });
  try {
    /** Answers of an hour, five minutes apart; `down`: one of the two portals answers with an error. */
    const hour = async (endMs: number, down: boolean) => {
      for (let atMs = endMs - 55 * MINUTE; atMs <= endMs; atMs += 5 * MINUTE) {
        const said = ["vnpt-igate", "dvc-quoc-gia"].map((portal, index): Said => {
          const value = down && index === 0 ? 0 : 1;
          const status = { metric: "portal_status", value: value === 1 ? 200 : 503, labels: { portal } } as const;
          return { probe: "portal-http", target: portal, atMs, outcome: measured([{ metric: "portal_up", value, labels: { portal } }, status]) };
        });
        await province.send("xa-1", atMs, said);
      }
    };
    await hour(vn("05T17:00") - MINUTE, false);
    await hour(vn("06T17:00") - MINUTE, true);
    for (const day of ["07", "08", "09"]) await province.judge.tick(vn(`${day}T00:01`));
    await hour(vn("09T08:00"), false);
    await province.judge.tick(vn("10T00:01"));
    await hour(vn("10T08:00"), false);

    const desk = monthDesk({ db: province.db, policyAt: province.policyAt, demo: false, now: () => nowMs });
    const row = (await desk.dossier("2026-11", "xa-1"))?.centres[0]?.rows.find(({ requirement }) => requirement === "R16");
    // On the first day that was judged the answers were too few at first.
    expect(row).toMatchObject({ days: { pass: 2, fail: 1, unknown: 1, none: 4 }, notCounted: 2 });
  } finally {
    await province.db.close();
  }
}, 180_000);
