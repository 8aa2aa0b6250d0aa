import { createInterface } from "node:readline";
import type { Probe } from "../../agent/probe.ts";
import { linkBandwidth } from "../../agent/probes/link-bandwidth/probe.ts";
import { observe } from "../../agent/runner.ts";
import { probeContext } from "../support/probe-context.ts";

// The agent's side of the lab: runs the probe link-bandwidth once for each line of options and prints outcome and own cost as one line.
for await (const line of createInterface({ input: process.stdin })) {
  const before = process.cpuUsage();
  const outcome = await observe(linkBandwidth as unknown as Probe<never>, JSON.parse(line), probeContext());
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${JSON.stringify({ outcome, cpuMs: (user + system) / 1000, rssBytes: process.memoryUsage().rss })}\n`);
}
