import { setTimeout as sleep } from "node:timers/promises";
import { ClockWatch } from "../../agent/clock-state.ts";
import { keyOf, readIdentity } from "../../agent/identity.ts";
import { Spool } from "../../agent/spool/spool.ts";
import { readBootId, readClock } from "../../agent/system-clock.ts";
import { CollectorClient } from "../../agent/uplink/collector-client.ts";
import { Uplink } from "../../agent/uplink/uplink.ts";
import { observation } from "./observations.ts";

/**
 * The delivering half of an agent, with observations made as fast as the disk takes them: its parent kills it, and in the end asks it to `drain`.
 * Prints the last number that was appended and, when drained, ends.
 */
const [folder = "", url = "", mode = "append"] = process.argv.slice(2);
const identity = readIdentity(folder);
if (!identity) throw new Error(`${folder} is not enrolled`);
const stop = new AbortController();
const log = (message: string, fields?: object) => process.stderr.write(`${message} ${JSON.stringify(fields ?? {})}\n`);
const spool = new Spool({ folder, nowMs: Date.now, log });
const client = new CollectorClient({ url, signer: { agent: identity.agent, key: keyOf(folder, identity) }, version: "test" });
const uplink = new Uplink({ spool, client, clock: new ClockWatch(), readClock, bootId: readBootId(folder, readClock()), log, chance: () => 0.05, splayMs: 0 });
const sending = uplink.run(stop.signal);

if (mode === "append") {
  for (;;) {
    const taken = new Date().toISOString();
    process.stdout.write(`${spool.append({ ...observation(1), takenAt: taken })}\n`);
    uplink.notify();
    await sleep(3);
  }
}
for (let waited = 0; spool.status().waiting + spool.status().frozen > 0; waited++) {
  if (waited > 1_200) throw new Error(`not drained: ${JSON.stringify({ ...spool.status(), ...uplink.status() })}`);
  uplink.notify();
  await sleep(50);
}
process.stdout.write(`${JSON.stringify(spool.status())}\n`);
stop.abort();
await sending;
