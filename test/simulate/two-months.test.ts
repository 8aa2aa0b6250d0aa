import { expect, it } from "vitest";
import { openTestDb } from "../support/test-database.ts";
import { listOf } from "./letters.ts";
import { memoryAlerts } from "./memory-alerts.ts";
import { type Simulation, simulateProvince } from "./simulate-province.ts";
import { storeAlerts } from "./store-alerts.ts";
import { oneMorning, twoMonths } from "./story.ts";

async function inMemory(story: Simulation): Promise<string> {
  const alerts = memoryAlerts(story.centres);
  await simulateProvince(story, alerts);
  return listOf(
    alerts.desk.delivered.map(({ atMs, recipient, message }) => ({ atMs, to: recipient.to, message })),
    story.fromMs,
  );
}

it("two months of 135 centres: the exact list of letters, as it is checked in", async () => {
  await expect(await inMemory(twoMonths)).toMatchFileSnapshot("two-months.txt");
}, 180_000);

it("a morning through the collector's own database, outbox and postman brings the same letters", async () => {
  const db = await openTestDb();
  const alerts = await storeAlerts(db, oneMorning.centres, oneMorning.fromMs);
  await simulateProvince(oneMorning, alerts);
  await db.close();
  expect(listOf(alerts.letters, oneMorning.fromMs)).toBe(await inMemory(oneMorning));
  const causes = alerts.letters.flatMap(({ message: { kind, area, cause } }) => (cause ? [[kind, area, cause.code].filter(Boolean).join(" ")] : []));
  expect(new Set(causes)).toEqual(new Set(["storm_over Khu vực 1 power", "recovered line", "recovered off"]));
}, 180_000);
