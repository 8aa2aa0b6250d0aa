import { Spool } from "../../agent/spool/spool.ts";
import { observation } from "./observations.ts";

/** A process that appends as fast as it can and says each number only after `append` has returned; it is killed by its parent. */
const [folder = "", first = "0"] = process.argv.slice(2);
const spool = new Spool({ folder, nowMs: Date.now, log: (message, fields) => console.error(message, JSON.stringify(fields)) });
for (let index = Number(first); ; index++) {
  const seq = spool.append(observation(index));
  process.stdout.write(`${seq} ${index}\n`);
  // Every few rows a batch is frozen and settled, so that kills hit those transactions, too.
  if (index % 7 === 0) {
    const batch = spool.next({ nowMs: Date.now(), bootId: "boot-a", uptimeMs: index * 1_000, liveMs: 1e9, observationsMax: 5, bytesAim: 1e6, lane: "live" });
    if (batch !== undefined && index % 2 === 0) spool.settle(batch.id, []);
  }
}
