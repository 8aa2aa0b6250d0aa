import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { nodeFlags } from "../support/node-flags.ts";
import { projectRoot } from "../support/source-files.ts";
import { percentile, promise, type Scenario } from "./scenario.ts";
import type { ThinLineSeen } from "./thin-line-rig.ts";

const LINE_KBITS = 64;
const HOURS_TOLD = 24;
const LIVE_MAX_S = 120;

/**
 * T8: the whole agent comes back with a day in its spool behind a line of 64 kbit/s, which is what a centre's line still carries when it is all but
 * dead. Its present stays present while the day is delivered. The line is a pair of virtual interfaces between two network namespaces, shaped by the
 * kernel in both directions; pings and a portal go over it, too.
 */
export const thinLine: Scenario = async ({ full, print }) => {
  const [hours, minutes] = full ? [HOURS_TOLD, 8] : [1, 1.5];
  const rig = `ip link set lo up; exec "$0" "$@" ${LINE_KBITS} ${hours} ${minutes}`;
  const child = spawn("unshare", ["-n", "sh", "-c", rig, process.execPath, ...nodeFlags, join(import.meta.dirname, "thin-line-rig.ts")], {
    cwd: projectRoot,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
  promise(code === 0, `the line could not be built, or somebody died on it (exit code ${code}); it needs root and network namespaces`);
  const { liveAgesS, backlog, drainedAfterS, rows, distinct, lastSeq, live, wireBytes, deadLetters, lost } = JSON.parse(said) as ThinLineSeen;
  print(`${backlog} observations of the day waited; the last of them was stored after ${drainedAfterS ?? "more than the whole"} s`);
  const liveMaxS = Math.max(...liveAgesS);
  promise(liveMaxS <= LIVE_MAX_S, `the newest live observation was ${liveMaxS.toFixed(0)} s old`);
  promise(rows === distinct && rows === lastSeq && deadLetters === 0 && lost === 0, `${rows} rows of ${distinct} numbers are stored, of ${lastSeq}`);
  promise(live >= 2 * Math.floor(minutes) - 1, `${live} live observations are stored`);
  promise(wireBytes > (backlog * 8) / 2, `only ${wireBytes} bytes went over the line`);
  return {
    lineKbits: LINE_KBITS,
    hours,
    minutes,
    liveAgeP95S: Number(percentile(liveAgesS, 0.95).toFixed(1)),
    liveAgeMaxS: Number(liveMaxS.toFixed(1)),
    backlog,
    drainedAfterS,
    observations: rows,
    live,
    sentKb: Math.round(wireBytes / 1_000),
  };
};
