import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { runFlags } from "../../deploy/run-flags.ts";
import { freeUdpPort } from "../support/free-port.ts";
import { startSnmpsim } from "../support/snmpsim.ts";
import { projectRoot } from "../support/source-files.ts";

/** How the agent is started (package.json), and without any of that. */
const starts = {
  agent: runFlags("agent"),
  plain: [],
} as const;

/**
 * One round of office-devices over 60 targets, every second one dead: 30 printers (SNMP, played by snmpsim) and 30 PCs.
 * A dead one is as silent as a switched-off PC: its SNMP port is closed, and TCP and echo wait out their whole time.
 * Run as the agent runs, after a first run that fills the compile cache, and with plain Node.js for comparison.
 */
export async function benchDevices(): Promise<Record<keyof typeof starts, unknown>> {
  const simulator = await startSnmpsim({ "bench-printer": join(projectRoot, "test/fixtures/office-devices/printer-mib/device.snmprec") });
  try {
    const silentPort = await freeUdpPort();
    const round = async (flags: readonly string[]) => {
      const child = fileURLToPath(new URL("devices-round.ts", import.meta.url));
      const words = [...flags, child, String(simulator.port), String(silentPort)];
      const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: projectRoot, timeout: 60_000 });
      return JSON.parse(stdout) as unknown;
    };
    await round(starts.agent);
    return { agent: await round(starts.agent), plain: await round(starts.plain) };
  } finally {
    await simulator.stop();
  }
}
