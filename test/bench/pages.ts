import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { YOUNG_MS } from "../../collector/shared-work.ts";
import { openStore } from "../../collector/store/open.ts";
import { runFlags } from "../../deploy/run-flags.ts";
import { vietnamDay } from "../../schemas/calendar.ts";
import { fillWithDemo } from "../support/demo-database.ts";
import { moreCentres } from "../support/more-centres.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import { projectRoot } from "../support/source-files.ts";
import type { PagesServerCost, PagesServerReady } from "./pages-server.ts";

/** What a person waits for without noticing, of a province of 135 centres, ms to the first byte. */
const NOTICED_MS = 100;
/** The same of one of any size, and the longest that one page may keep the collector from its agents, ms. */
const WAIT_MS = 1_000;
const HELD_MS = 300;
/**
 * The same as WAIT_MS of what is made of every finding of a province: of 3,300 centres these are 80,000 rows, which one thread reads, puts into words, hashes and
 * packs, between all else that it does. It is a file that somebody asks for now and then, made once for all who ask together; who waits for it waits some seconds,
 * of 135 centres not one. What it may hold is the same.
 */
const WHOLE_MS = 5_000;
const whole = /\/centres\.xlsx$|\/province\.[a-z]+$/;
/** Centres of the plan's province: this many are simulated at most, and repeated where more are asked for. */
const SIMULATED = 135;
/** No page is asked for again and again for longer. */
const WARM_MS = 5_000;
/** What is made once for all who ask is made anew after so long. */
const STALE_MS = YOUNG_MS + 100;

export type PagesPlan = {
  readonly centres?: number;
  readonly days?: number;
  readonly rounds?: number;
  readonly together?: number;
  readonly print?: (line: string) => void;
};

/**
 * The time to the first byte of the pages of a province with some days of data, as somebody signed in sees them: cold, warm, and by many at once; how long
 * each held the collector's event loop at the longest, and the most memory that it had. The collector is a process of its own, with the flags of its program.
 */
export async function benchPages({ centres = SIMULATED, days = 2, rounds = 14, together = 10, print = console.log }: PagesPlan = {}): Promise<{
  readonly centres: number;
  readonly slow: readonly string[];
  readonly peakMb: number;
}> {
  const server = await startPostgres({ parent: tmpdir() });
  try {
    await fill(server.url, centres, days);
    await using pages = await servePages(server.url);
    const slow: string[] = [];
    print(`page | cold ms | warm median ms | warm slowest ms | slowest of ${together} at once ms | held at the longest ms | kB`);
    for (const path of await pathsOf(server)) {
      // The first asker finds nothing that was made for another.
      await sleep(STALE_MS);
      await pages.cost();
      const cold = await pages.ask(path);
      const warm: number[] = [];
      // A list of thousands takes seconds each time: what has been asked for so long is known.
      for (const startMs = performance.now(); warm.length < rounds && performance.now() - startMs < WARM_MS; ) warm.push((await pages.ask(path)).firstByteMs);
      warm.sort((a, b) => a - b);
      const crowd = await Promise.all(Array.from({ length: together }, () => pages.ask(path)));
      const { heldMs } = await pages.cost();
      const medianMs = warm[Math.floor(warm.length / 2)] ?? Number.NaN;
      const figures = [cold.firstByteMs, medianMs, warm.at(-1) ?? Number.NaN, Math.max(...crowd.map(({ firstByteMs }) => firstByteMs)), heldMs];
      print([path, ...figures.map((ms) => ms.toFixed(0)), (cold.bytes / 1_000).toFixed(0)].join(" | "));
      const [smallMs, largeMs] = whole.test(path) ? [WAIT_MS, WHOLE_MS] : [NOTICED_MS, WAIT_MS];
      if (medianMs > (centres > SIMULATED ? largeMs : smallMs) || heldMs > HELD_MS) slow.push(path);
    }
    const { peakMb } = await pages.cost();
    return { centres, slow, peakMb: Math.round(peakMb) };
  } finally {
    await server.stop();
  }
}

async function fill(databaseUrl: string, centres: number, days: number): Promise<void> {
  await fillWithDemo(databaseUrl, { centres: Math.min(centres, SIMULATED), days });
  const store = await openStore({ databaseUrl, dataDir: "" });
  try {
    await store.db.transaction(async (tx) => {
      for (const statement of moreCentres(centres)) await tx.script(statement);
    });
    await store.db.script("VACUUM ANALYZE");
  } finally {
    await store.close();
  }
}

async function pathsOf(server: TestPostgres): Promise<readonly string[]> {
  const first = (statement: string) => server.psql(`${statement} LIMIT 1`);
  const centre = await first("SELECT centre_code FROM site ORDER BY site_id");
  const device = await first(`SELECT devices->0->>'id' FROM site WHERE centre_code = '${centre}'`);
  const duty = await first("SELECT r->>'id' FROM policy_version, jsonb_array_elements(body->'requirements') AS r WHERE r->'rule'->>'kind' = 'checklist'");
  const month = vietnamDay(Date.now()).slice(0, 7);
  return [
    "/",
    "/?state=fail&page=2",
    "/centres.xlsx",
    "/v1/centres",
    "/v1/findings",
    `/centres/${centre}`,
    `/centres/${centre}/devices/${device}`,
    `/centres/${centre}/duties/${duty}`,
    "/incidents",
    "/maintenance",
    "/waivers",
    "/people",
    "/audit",
    "/reports",
    `/v1/evidence/${centre}.link.html`,
    `/v1/reports/${month}/province.html`,
    `/v1/reports/${month}/province.csv`,
    `/v1/reports/${month}/centres/${centre}.html`,
  ];
}

type Pages = AsyncDisposable & {
  ask(path: string): Promise<{ readonly firstByteMs: number; readonly bytes: number }>;
  cost(): Promise<PagesServerCost>;
};

async function servePages(databaseUrl: string): Promise<Pages> {
  const words = [...runFlags("collector"), join(import.meta.dirname, "pages-server.ts"), databaseUrl];
  const child = spawn(process.execPath, words, { cwd: projectRoot, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const { port, session } = await wordOf<PagesServerReady>(child);
  return {
    async ask(path) {
      const startMs = performance.now();
      const reply = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { cookie: `hcc-session=${session}` } });
      const firstByteMs = performance.now() - startMs;
      const bytes = (await reply.arrayBuffer()).byteLength;
      if (reply.status !== 200) throw new Error(`${path} answered ${reply.status}`);
      return { firstByteMs, bytes };
    },
    async cost() {
      child.send("cost");
      return wordOf<PagesServerCost>(child);
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}

/** The next word of the server. @throws Error when it ends instead */
async function wordOf<T>(child: ChildProcess): Promise<T> {
  const ended = Promise.withResolvers<never>();
  const end = () => ended.reject(new Error("the server of the pages ended"));
  child.once("exit", end);
  try {
    const [word] = await Promise.race([once(child, "message"), ended.promise]);
    return word as T;
  } finally {
    child.off("exit", end);
  }
}
