import { once } from "node:events";
import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { openPostgres, type PostgresDb } from "../../collector/store/postgres-db.ts";
import { startPeer } from "../support/peer-process.ts";
import { startPostgres } from "../support/postgres.ts";
import { folderOf, packageUser } from "../support/user-identity.ts";
import { minute } from "./fleet-minute.ts";
import { CENTRES, CONNECTIONS, figureOf, nextPlan, runLoad, type Way } from "./ingest-ways.ts";
import { TARGETS } from "./load-plan.ts";
import { hostName, itemKey, trapper } from "./load-requests.ts";
import { treeCpuUs, treeMemoryOf } from "./process-cost.ts";

const SQL = "/usr/share/zabbix-server-pgsql";
/** Hops that the largest request tells of each target. */
const HOPS = 10;
const ASK_EVERY_MS = 50;
/** Memory for what was accepted and not yet stored must not be what limits it; as many trappers as connections. */
const limits = { StartTrappers: CONNECTIONS, CacheSize: "64M", HistoryCacheSize: "256M", HistoryIndexCacheSize: "64M", TrendCacheSize: "32M" };
/** Nothing but what takes samples in. */
const off = {
  StartPollers: 1,
  StartIPMIPollers: 0,
  StartPingers: 0,
  StartDiscoverers: 0,
  StartHTTPPollers: 0,
  StartPollersUnreachable: 1,
  HousekeepingFrequency: 0,
};

/**
 * Debian's Zabbix server on a PostgreSQL of its own with our settings, with an item for each series of either load. It answers when values are in its
 * memory; a run ends when they are rows of `history`.
 */
export async function zabbixWay(settings: readonly string[]): Promise<Way & AsyncDisposable> {
  await using open = new AsyncDisposableStack();
  const identity = await packageUser("zabbix");
  const folder = await folderOf(identity, tmpdir(), "hcc-zabbix-");
  open.defer(() => rm(folder, { recursive: true, force: true }));
  const postgres = await startPostgres({ durable: true, settings });
  open.defer(() => postgres.stop());
  const db = openPostgres(await postgres.database("zabbix"), { connections: 1, statementTimeoutMs: 0 });
  open.defer(() => db.close());
  for (const file of ["schema", "images", "data"]) await db.script(gunzipSync(readFileSync(join(SQL, `${file}.sql.gz`))).toString("utf8"));
  await makeItems(db);

  const port = await freeLowPort();
  const file = join(folder, "zabbix_server.conf");
  const words = {
    ListenIP: "127.0.0.1",
    ListenPort: port,
    DBHost: "127.0.0.1",
    DBPort: postgres.port,
    DBName: "zabbix",
    DBUser: "hcc",
    LogFile: join(folder, "log"),
    PidFile: join(folder, "pid"),
    SocketDir: folder,
    Timeout: 30,
    ...limits,
    ...off,
  };
  await writeFile(
    file,
    Object.entries(words)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
    { mode: 0o644 },
  );
  const takes = () => accepts(port);
  const server = await startPeer("/usr/sbin/zabbix_server", ["--foreground", "--config", file], takes, {}, { identity, stopMs: 30_000 });
  open.defer(() => server.stop());
  const held = open.move();
  const cpu = () => [treeCpuUs(server.pid), treeCpuUs(postgres.pid)] as const;
  return {
    name: "Zabbix 6.0",
    run: async (shape) => {
      await db.script("TRUNCATE history; CHECKPOINT");
      const before = cpu();
      const load = await runLoad(nextPlan(shape, { to: "zabbix", port }));
      await untilStored(db, load.samples);
      const seconds = (Date.now() - load.beganMs) / 1_000;
      return figureOf({ ...load, seconds }, before, cpu(), treeMemoryOf(server.pid) + treeMemoryOf(postgres.pid));
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** A host for each centre with a trapper item of type float for each series; the host that the schema brings is switched off. */
async function makeItems(db: PostgresDb): Promise<void> {
  await db.script("UPDATE hosts SET status = 1 WHERE status = 0");
  const items: [number, number, string][] = [];
  const ofLink = Array.from({ length: TARGETS * HOPS }, (_, n) => itemKey("rtt_avg_ms", `t-${n % TARGETS}`, `hop-${Math.floor(n / TARGETS)}`));
  const ofCentre = minute.flatMap(({ metrics, label, target }) => metrics.map((metric) => itemKey(metric, label ? target : "", "")));
  for (let centre = 0; centre < CENTRES; centre++) {
    const host = FIRST_ID + centre;
    await db.query("INSERT INTO hosts (hostid, host, name, status) VALUES ($1, $2, $2, 0)", [host, hostName(centre)]);
    const keys = centre < CONNECTIONS ? [...ofLink, ...ofCentre] : ofCentre;
    for (const key of keys) items.push([FIRST_ID + items.length, host, key]);
  }
  const lists = ([0, 1, 2] as const).map((column) => JSON.stringify(items.map((item) => item[column])));
  await db.query(
    `WITH made AS (
       INSERT INTO items (itemid, hostid, name, key_, type, value_type)
       SELECT i.v::int8, h.v::int8, k.v, k.v, 2, 0 FROM jsonb_array_elements_text(($1::text)::jsonb) WITH ORDINALITY AS i(v, n)
         JOIN jsonb_array_elements_text(($2::text)::jsonb) WITH ORDINALITY AS h(v, n) USING (n) JOIN jsonb_array_elements_text(($3::text)::jsonb) WITH ORDINALITY AS k(v, n) USING (n)
       RETURNING itemid
     ) INSERT INTO item_rtdata (itemid) SELECT itemid FROM made`,
    lists,
  );
}

/** Above all ids that the schema's own data takes. */
const FIRST_ID = 10_000_000;

/** A free port that Zabbix takes: none above 32,767. @throws when each of a hundred is in use */
async function freeLowPort(): Promise<number> {
  for (let port = 20_051; port < 20_151; port++) {
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    server.close();
    if (isFree) return port;
  }
  throw new Error("no port is free");
}

/** Waits until all values are rows. @throws when that takes more than two minutes */
async function untilStored(db: PostgresDb, samples: number): Promise<void> {
  for (let attempt = 0; attempt < 120_000 / ASK_EVERY_MS; attempt++) {
    const [row] = await db.query<{ n: number }>("SELECT count(*)::int AS n FROM history");
    if (row?.n === samples) return;
    await sleep(ASK_EVERY_MS);
  }
  throw new Error("Zabbix has accepted values that it does not store");
}

/** Whether the server takes a value in: it knows its items then. */
function accepts(port: number): Promise<boolean> {
  const value = { host: hostName(0), key: itemKey("rtt_avg_ms", "t-0", "hop-0"), value: "1", clock: Math.floor(Date.now() / 1_000), ns: 0 };
  return new Promise((resolve) => {
    let answer = "";
    const socket = createConnection(port, "127.0.0.1", () => socket.write(trapper({ request: "sender data", data: [value] }).wire));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("data", (part: Buffer) => {
      answer += part.toString("latin1");
    });
    socket.on("close", () => resolve(/processed: 1;/.test(answer)));
  });
}
