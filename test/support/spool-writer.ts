import { openDatabase } from "../../agent/spool/open-database.ts";
import { insertObservation, transaction } from "../../agent/spool/rows.ts";
import { Spool } from "../../agent/spool/spool.ts";
import { observation } from "./observations.ts";

/**
 * A process that appends as fast as it can and says each number only after the append has returned; it is killed by its parent.
 * `weak` commits without an fsync: the control that shows whether a rig can see the difference at all.
 */
const [folder = "", first = "0", mode = "spool"] = process.argv.slice(2);
const append = mode === "weak" ? weakAppend() : spoolAppend();
for (let index = Number(first); ; index++) process.stdout.write(`${append(index)} ${index}\n`);

function spoolAppend(): (index: number) => number | undefined {
  const spool = new Spool({ folder, nowMs: Date.now, log: (message, fields) => console.error(message, JSON.stringify(fields)) });
  return (index) => {
    const seq = spool.append(observation(index));
    // Every few rows a batch is frozen and settled, so that kills hit those transactions, too.
    const view = { nowMs: Date.now(), bootId: "boot-a", uptimeMs: index * 1_000, liveMs: 1e9, observationsMax: 5, bytesAim: 1e6, lane: "live" } as const;
    const batch = index % 7 === 0 ? spool.next(view) : undefined;
    if (batch !== undefined && index % 2 === 0) spool.settle(batch.id, []);
    return seq;
  };
}

function weakAppend(): (index: number) => number {
  const database = openDatabase(`${folder}/spool.db`);
  database.exec("PRAGMA synchronous = NORMAL");
  return (index) => transaction(database, () => insertObservation(database, observation(index)));
}
