import { startMeasureServer } from "../../collector/measure/measure-server.ts";

// The measure server of the lab, in its own process and namespace: measure-child.ts HOST SECRET. Prints its address.
const [host = "", secret = ""] = process.argv.slice(2);
const server = await startMeasureServer({ host, port: 0, secret, id: "lab" });
process.stdout.write(`${server.url}\n`);
process.stdin.resume().once("end", () => process.exit(0));
