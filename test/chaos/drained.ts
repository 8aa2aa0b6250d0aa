import { setTimeout as sleep } from "node:timers/promises";
import type { LightAgents } from "./light-agents.ts";
import type { RigDatabase } from "./own-postgres.ts";
import { promise } from "./scenario.ts";

/** Waits until every observation was acknowledged, and stops the agents so that none follows. Rejects after `withinS`. */
export async function drain(fleet: LightAgents, withinS: number): Promise<void> {
  fleet.hush();
  for (let waitedS = 0; fleet.spools.some(({ waiting }) => waiting > 0); waitedS += 0.2) {
    const waiting = fleet.spools.reduce((sum, spool) => sum + spool.waiting, 0);
    promise(waitedS < withinS, `${waiting} observations still wait after ${withinS} s`);
    await sleep(200);
  }
}

/** I1, I2 and I3 after the fact: what was appended is stored, each number once, none refused. Gives the number of rows. */
export async function promiseAllStored(database: Pick<RigDatabase, "psql">, fleet: LightAgents): Promise<number> {
  const appended = fleet.spools.reduce((sum, { lastSeq }) => sum + lastSeq, 0);
  const answer = await database.psql("SELECT count(*), count(DISTINCT (stream, seq)) FROM observation");
  const [rows, distinct] = answer.split("|").map(Number);
  promise(rows === appended && distinct === appended, `${rows} rows of ${distinct} numbers are stored, of ${appended} that were appended`);
  promise(
    fleet.spools.every(({ refusals }) => refusals === 0),
    "observations were refused",
  );
  return appended;
}
