import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freeTcpPort } from "../support/free-port.ts";
import { startPeer } from "../support/peer-process.ts";
import { figureOf, nextPlan, runLoad, type Way } from "./ingest-ways.ts";
import { treeCpuUs, treeMemoryOf } from "./process-cost.ts";

/** Debian's InfluxDB as it comes (its log syncs before each answer), without its own statistics and its log of requests. */
export async function influxdbWay(): Promise<Way & AsyncDisposable> {
  await using open = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "hcc-influxdb-"));
  open.defer(() => rm(folder, { recursive: true, force: true }));
  const [port, rpcPort] = [await freeTcpPort(), await freeTcpPort()];
  const url = `http://127.0.0.1:${port}`;
  const file = join(folder, "influxdb.conf");
  await writeFile(
    file,
    `reporting-disabled = true
bind-address = "127.0.0.1:${rpcPort}"
[meta]
dir = "${join(folder, "meta")}"
[data]
dir = "${join(folder, "data")}"
wal-dir = "${join(folder, "wal")}"
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:${port}"
log-enabled = false
[logging]
level = "error"
`,
  );
  const isReady = () =>
    fetch(`${url}/ping`).then(
      ({ ok }) => ok,
      () => false,
    );
  const server = await startPeer("/usr/bin/influxd", ["-config", file], isReady, {}, { stopMs: 30_000 });
  open.defer(() => server.stop());
  await ask(url, "POST", "CREATE DATABASE bench");
  let expected = 0;
  const held = open.move();
  return {
    name: "InfluxDB 1.6",
    run: async (shape) => {
      const plan = nextPlan(shape, { to: "influxdb", port });
      // It has no database beside it.
      const cpu = () => [treeCpuUs(server.pid), Number.NaN] as const;
      const before = cpu();
      // Runs an hour apart: a point with the same tags and time would replace the other.
      const load = await runLoad({ ...plan, startMs: plan.startMs - plan.run * 3_600_000 });
      const after = cpu();
      expected += load.samples;
      const stored = await count(url);
      if (stored !== expected) throw new Error(`InfluxDB has ${stored} of ${expected} points`);
      return figureOf(load, before, after, treeMemoryOf(server.pid));
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** The points of all measurements. */
async function count(url: string): Promise<number | undefined> {
  const answer = (await ask(url, "GET", "SELECT count(v) FROM /.*/")) as { results: { series?: { values: [string, number][] }[] }[] };
  return answer.results[0]?.series?.reduce((sum, { values }) => sum + (values[0]?.[1] ?? 0), 0);
}

async function ask(url: string, method: "GET" | "POST", statement: string): Promise<unknown> {
  const reply = await fetch(`${url}/query?${new URLSearchParams({ db: "bench", q: statement })}`, { method });
  if (!reply.ok) throw new Error(`InfluxDB answered ${reply.status} to ${statement}`);
  return reply.json();
}
