import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Db } from "../../../collector/store/db.ts";
import { declaredDaysWithin } from "../../../collector/store/declared-days.ts";

test("a connection that is lost refuses both questions, and nobody is left who hears of one of them", async () => {
  const unheard: unknown[] = [];
  const hear = (reason: unknown) => unheard.push(reason);
  process.on("unhandledRejection", hear);
  const lost = () => Promise.reject(new Error("the connection is lost"));
  const span = { siteId: 1, sinceMs: 0, atMs: 1, centre: { devices: [] } };
  for (const spans of [[span], []]) {
    const found = sleep(5).then(lost);
    await expect(declaredDaysWithin({ query: lost } as unknown as Db, spans, 1, found)).rejects.toThrow("the connection is lost");
    await sleep(20);
    expect(unheard).toEqual([]);
  }
  process.off("unhandledRejection", hear);
});
