import { createInterface } from "node:readline";
import { lanHttp } from "../../agent/io/lan-http.ts";
import { cameraPresence } from "../../agent/probes/camera-presence/probe.ts";
import { officeDevices } from "../../agent/probes/office-devices/probe.ts";
import { observe } from "../../agent/runner.ts";
import { probeContext } from "../support/probe-context.ts";

// The gateway PC of two-ways.sh: for each line asks a camera on the cable's network and two devices, and prints both outcomes as one line.
const camera = { id: "cam-1", address: "192.168.1.64" };
const devices = [
  { id: "near", role: "display", address: "192.168.1.64" },
  { id: "far", role: "display", address: "192.168.20.64" },
];
const memories = [new Map<string, unknown>(), new Map<string, unknown>()].map((values) => ({
  get: (key: string) => values.get(key),
  set: (key: string, value: unknown) => void values.set(key, value),
}));
for await (const _ of createInterface({ input: process.stdin })) {
  const [seen, counted] = memories.map((memory) => probeContext({ memory, io: { lanHttp: (request) => lanHttp({ ...request, deadlineMs: 4_000 }) } }));
  if (!seen || !counted) throw new Error("two probes, two memories");
  const outcomes = [await observe(cameraPresence, { targets: [camera] }, seen), await observe(officeDevices, { targets: devices }, counted)];
  process.stdout.write(`${JSON.stringify(outcomes)}\n`);
}
