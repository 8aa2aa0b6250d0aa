import { expect, it } from "vitest";
import { Centre } from "#schemas/inventory.ts";
import { findingsOf } from "../../../collector/store/findings.ts";
import { measured } from "../../support/batches.ts";
import { DAY, HOUR, MINUTE, plan } from "../../support/facts.ts";
import { openJudgedProvince, type Said } from "../../support/judged-province.ts";

const T0 = Date.parse("2026-11-24T09:00:00+07:00");

it("a camera without an address is unknown until the recorder's next look shows enough channels", async () => {
  const devices = [
    { id: "nvr", role: "recorder", address: "10.1.0.250" },
    { id: "c1", role: "camera", address: "10.1.0.1" },
    { id: "c2", role: "camera" },
  ];
  const centre = Centre.parse({ code: "xa-1", name: "Xã 1", officers: 2, devices });
  const province = await openJudgedProvince({ centres: [centre], nowMs: T0 - DAY, policies: [plan] });
  try {
    const answer = (atMs: number): Said => ({
      probe: "camera-presence",
      atMs,
      outcome: measured(["nvr", "c1"].map((camera) => ({ metric: "camera_up" as const, value: 1, labels: { camera } }))),
    });
    const watch = (atMs: number): Said => ({
      probe: "recording-watch",
      atMs,
      outcome: measured(["D1", "D2"].map((channel) => ({ metric: "recording_now" as const, value: 1, labels: { channel } }))),
    });
    const state = async () => {
      const found = (await findingsOf(province.db, province.siteIdOf("xa-1"))).find(({ requirement }) => requirement === "R03");
      return `${found?.state} ${found?.reason}`;
    };
    await province.send("xa-1", T0, [answer(T0 - 10 * MINUTE), answer(T0 - 5 * MINUTE)]);
    expect(await state()).toBe("unknown no_address");
    await province.send("xa-1", T0 + MINUTE, [watch(T0)]);
    expect(await state()).toBe("pass met");
    const laterMs = T0 + 3 * HOUR + 2 * MINUTE;
    await province.send("xa-1", laterMs, [answer(laterMs - 10 * MINUTE), answer(laterMs - 5 * MINUTE)]);
    expect(await state()).toBe("unknown no_address");
  } finally {
    await province.db.close();
  }
}, 180_000);
