import { createInterface } from "node:readline";
import { startMeasureServer } from "../../collector/measure/measure-server.ts";

// The measure server of the lab, in its own process and namespace: measure-child.ts HOST SECRET. Prints its address.
// Each line on stdin turns on, or off again, other work that takes nine tenths of this process.
const WORK_MS = 900;
const PAUSE_MS = 100;

const [host = "", secret = ""] = process.argv.slice(2);
const server = await startMeasureServer({ host, port: 0, secret, id: "lab" });
process.stdout.write(`${server.url}\n`);
let work: NodeJS.Timeout | undefined;
const input = createInterface({ input: process.stdin });
input.on("line", () => {
  if (work !== undefined) {
    clearTimeout(work);
    work = undefined;
  } else work = setTimeout(toil, 0);
});
input.once("close", () => process.exit(0));

function toil(): void {
  const untilMs = performance.now() + WORK_MS;
  while (performance.now() < untilMs);
  work = setTimeout(toil, PAUSE_MS);
}
