/**
 * `npm run simulate`: the two months of `story.ts` through the collector's own database, outbox and postman. Prints every letter, letters per week and
 * per reader; exit code 1 where the list is not the one that is checked in. The tests drive the same story through the same steps in memory.
 */
import { readFile } from "node:fs/promises";
import { openPglite } from "../support/pglite.ts";
import { listOf } from "./letters.ts";
import { simulateProvince } from "./simulate-province.ts";
import { storeAlerts } from "./store-alerts.ts";
import { twoMonths } from "./story.ts";

const db = await openPglite();
const alerts = await storeAlerts(db, twoMonths.centres, twoMonths.fromMs);
await simulateProvince(twoMonths, alerts);
await db.close();
const list = listOf(alerts.letters, twoMonths.fromMs);
console.log(list);
const expected = await readFile(new URL("two-months.txt", import.meta.url), "utf8");
if (list !== expected) {
  console.error("This is not the list of test/simulate/two-months.txt.");
  process.exitCode = 1;
}
