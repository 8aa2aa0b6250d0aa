import { flushCompileCache } from "node:module";
import { createInterface } from "node:readline";
import type { NetworkInterface } from "../../agent/io/interfaces.ts";
import { readInterface } from "../../agent/io/interfaces.ts";
import type { Probe } from "../../agent/probe.ts";
import { linkBandwidth } from "../../agent/probes/link-bandwidth/probe.ts";
import { observe } from "../../agent/runner.ts";
import { probeContext } from "../support/probe-context.ts";

// The agent's side of the lab: runs the probe link-bandwidth once for each line and prints outcome and own cost as one line.
// `nic` says what a virtual interface cannot: speed and medium.
type Order = { readonly options: unknown; readonly nic?: Partial<NetworkInterface> };

// Killed at the end of the lab, this process would keep nothing of what it compiled, and the next one would measure the compiler, too.
flushCompileCache();
for await (const line of createInterface({ input: process.stdin })) {
  const { options, nic } = JSON.parse(line) as Order;
  const before = process.cpuUsage();
  const context = probeContext({
    io: {
      readInterface: async (name, signal) => {
        const found = await readInterface(name, signal);
        return found && { ...found, ...nic };
      },
    },
  });
  const outcome = await observe(linkBandwidth as unknown as Probe<never>, options, context);
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${JSON.stringify({ outcome, cpuMs: (user + system) / 1000, rssBytes: process.memoryUsage().rss })}\n`);
}
