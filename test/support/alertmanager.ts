import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freeTcpPort } from "./free-port.ts";

/** What a receiver behind the Alertmanager knows of one alert. */
export type Told = { readonly status: "firing" | "resolved"; readonly labels: Record<string, string>; readonly annotations: Record<string, string> };
export type AlertmanagerPeer = {
  readonly url: string;
  /** Every notification of an alert, in order. */
  readonly told: readonly Told[];
  stop(): Promise<void>;
};

/**
 * Debian's own Alertmanager with one receiver, grouped by centre, in which an alert named `agent` keeps back all others of its centre. It waits one
 * second before it tells anything, the shortest that it can.
 */
export async function startAlertmanager(): Promise<AlertmanagerPeer> {
  const folder = await mkdtemp(join(tmpdir(), "hcc-alertmanager-"));
  const told: Told[] = [];
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      told.push(...(JSON.parse(Buffer.concat(chunks).toString()) as { alerts: Told[] }).alerts);
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const config = join(folder, "alertmanager.yml");
  await writeFile(config, configFor((receiver.address() as AddressInfo).port));
  const port = await freeTcpPort();
  const words = [`--config.file=${config}`, `--storage.path=${folder}`, `--web.listen-address=127.0.0.1:${port}`, "--cluster.listen-address="];
  const child = spawn("prometheus-alertmanager", words, { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  await ready(url, child);
  return {
    url,
    told,
    stop: async () => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await gone;
      receiver.closeAllConnections();
      receiver.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configFor(port: number): string {
  return JSON.stringify({
    route: { receiver: "all", group_by: ["centre"], group_wait: "1s", group_interval: "1s", repeat_interval: "1h" },
    receivers: [{ name: "all", webhook_configs: [{ url: `http://127.0.0.1:${port}/`, send_resolved: true }] }],
    inhibit_rules: [{ source_matchers: ['alertname="agent"'], target_matchers: ['alertname!="agent"'], equal: ["centre"] }],
  });
}

async function ready(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`the Alertmanager ended with ${child.exitCode}`);
    const reply = await fetch(`${url}/-/ready`).catch(() => undefined);
    if (reply?.ok) return;
    await sleep(100);
  }
  throw new Error("the Alertmanager did not get ready");
}
