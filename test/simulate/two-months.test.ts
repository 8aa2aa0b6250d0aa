import { expect, it } from "vitest";
import { listOf } from "./letters.ts";
import { memoryAlerts } from "./memory-alerts.ts";
import { simulateProvince } from "./simulate-province.ts";
import { twoMonths } from "./story.ts";

it("two months of 135 centres: the exact list of letters, as it is checked in", async () => {
  const alerts = memoryAlerts(twoMonths.centres);
  await simulateProvince(twoMonths, alerts);
  const letters = alerts.desk.delivered.map(({ atMs, recipient, message }) => ({ atMs, to: recipient.to, message }));
  await expect(listOf(letters, twoMonths.fromMs)).toMatchFileSnapshot("two-months.txt");
}, 180_000);
