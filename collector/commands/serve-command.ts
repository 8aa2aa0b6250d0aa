import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { Command } from "commander";
import { text } from "#schemas/text/text.ts";
import { type Collector, type CollectorOptions, createCollector } from "../collector.ts";
import { type CollectorConfig, childEnvironment } from "../config.ts";
import { listen, servedPair } from "../listen.ts";
import { createLog, type Log } from "../log.ts";
import { makeFolder } from "../make-folder.ts";
import { neverConfirmed } from "../measure/enough-servers.ts";
import { keepMeasuring } from "../measure/keep-measure.ts";
import { readNotifyFile } from "../notify-file.ts";
import { isOwnName } from "../own-name.ts";
import { readSignOnFile } from "../people/sign-on-file.ts";
import { loadPolicy } from "../policy-files.ts";
import { passwordLink } from "../routes/people.ts";
import { serversOf } from "../served-config.ts";
import { migrate } from "../store/migrate.ts";
import { openByRole, openStore } from "../store/open.ts";
import { grantRights } from "../store/roles.ts";
import { warmUp } from "../web/warm-up.ts";
import { commandLine } from "./command-line.ts";
import type { CommandContext, Terminal } from "./terminal.ts";

const FIRST_LOGIN = "admin";
const TICK_MS = 5_000;
const UPKEEP_EVERY_MS = 5 * 60_000;
/** An Alertmanager wants to hear again and again what stands. */
const PUSH_EVERY_MS = 60_000;
/** A failure that lasts is said again after this time, ms. */
const SAY_AGAIN_MS = 5 * 60_000;
/** What still runs this long after the order to stop is cut off, ms. */
const STOP_MS = 3_000;

/** `serve`: the collector until it is told to stop, with its speed test as a child process. */
export function serveCommand({ config, lang, terminal }: CommandContext): Command {
  return new Command("serve").description(text(lang, "collector.serve.about")).action(async () => {
    const settings = config();
    await demandFiles(settings);
    const log = createLog(settings.logLevel);
    const store = await openByRole({ ...settings, say: (words) => log.warn(words("en")), stop: terminal.stop });
    try {
      await runCollector(settings, store, log, terminal);
    } finally {
      await store.close();
    }
  });
}

/** Reads what the settings name, so that a wrong file is told before a database is opened, started or brought to this version. @throws ConfigError */
async function demandFiles({ tls, notifyFile, oidcFile }: CollectorConfig): Promise<void> {
  await servedPair(tls);
  readNotifyFile(notifyFile);
  if (oidcFile !== undefined) readSignOnFile(oidcFile);
}

/** `migrate`: brings the database to this version and ends. */
export function migrateCommand({ config, lang, terminal }: CommandContext): Command {
  return new Command("migrate").description(text(lang, "collector.migrate.about")).action(async () => {
    const settings = config();
    const store = await openStore({ ...settings, say: (words) => terminal.err(words(lang)), stop: terminal.stop });
    try {
      const applied = await migrate(store.db, Date.now(), { storage: settings.storage });
      await grantRights(store.db);
      terminal.out(applied.length > 0 ? text(lang, "collector.migrate.applied", { steps: applied.join(", ") }) : text(lang, "collector.migrate.none"));
    } finally {
      await store.close();
    }
  });
}

/** Work that goes on beside the collector until the signal. */
export type Alongside = (collector: Collector, stop: AbortSignal) => Promise<void>;

/** Serves HTTP on an open store until `terminal.stop` aborts. The demo uses it after it has made its province, and lets that live on alongside. */
export async function runCollector(
  config: CollectorConfig,
  store: CollectorOptions["store"],
  log: Log,
  terminal: Terminal,
  alongside?: Alongside,
): Promise<void> {
  const collector = await createCollector({ config, store, clock: Date.now, log });
  // Before anybody is answered: a database that goes away later must not end the program.
  const firstLink = alongside ? undefined : await firstAccountLink(collector, config);
  const server = await listen(collector.app, config);
  await warmUp(
    `http://${config.host === "0.0.0.0" || config.host === "::" ? "127.0.0.1" : config.host.includes(":") ? `[${config.host}]` : config.host}:${config.port}`,
  );
  if (!isOwnName(new URL(config.publicUrl).hostname)) warnOfServers(config, log);
  if (config.measurePort !== 0) await startMeasure(collector, config, terminal, log);
  terminal.out(`${config.tls ? "https" : "http"}://${config.host === "127.0.0.1" ? "localhost" : config.host}:${config.port}`);
  if (firstLink) terminal.out(`${text(config.lang, "people.first")} ${firstLink}`);
  log.info({ port: config.port, host: config.host }, "collector started");
  await Promise.all([keepWorking(collector, store.tend, log, terminal.stop), keepOrder(collector, log, terminal.stop), alongside?.(collector, terminal.stop)]);
  server.close();
  await Promise.race([collector.drain(), sleep(STOP_MS, undefined, { ref: false })]);
  server.closeAllConnections();
  log.info("collector ended");
}

/** While nobody can sign in: a link with which whoever started this program makes himself the administrator. */
async function firstAccountLink({ people }: Collector, { publicUrl, oidcFile }: CollectorConfig): Promise<string | undefined> {
  if (oidcFile !== undefined || (await people.isClaimed())) return undefined;
  const doer = commandLine();
  const link = (await people.reset(FIRST_LOGIN, doer)) ?? (await people.add({ login: FIRST_LOGIN, name: FIRST_LOGIN, roles: ["admin"] }, doer));
  return link && passwordLink(publicUrl, link);
}

/** A slow line is confirmed against as many measure servers as its rule says: with fewer it waits for ever, and nobody is told of it. */
function warnOfServers(config: CollectorConfig, log: Log): void {
  const servers = serversOf(config).length;
  const requirements = neverConfirmed(loadPolicy(config.policy, Date.now()).policy, servers);
  if (requirements.length > 0)
    log.warn(
      { requirements, servers },
      "too few measure servers: no breach of these is ever confirmed; docs/line.md (Measure server) has the steps for another one",
    );
}

/** The speed test runs in a process of its own: it must not make the collector wait, nor the other way round. */
async function startMeasure(
  { measureSecret, measureWatch }: Collector,
  { dataDir, measureHost, measurePort, publicUrl }: CollectorConfig,
  { node, stop }: Terminal,
  log: Log,
): Promise<void> {
  await makeFolder(resolve(dataDir));
  if (isOwnName(measureHost) && !isOwnName(new URL(publicUrl).hostname))
    log.warn({ host: measureHost, port: measurePort }, "no agent reaches the speed test on another machine; set HCC_MEASURE_HOST, or HCC_MEASURE_PORT=0");
  const secretFile = join(dataDir, "measure-secret");
  await writeFile(secretFile, measureSecret, { mode: 0o600 });
  await chmod(secretFile, 0o600);
  const root = join(import.meta.dirname, "../..");
  const words = [
    "--import",
    pathToFileURL(join(root, "compile-cache.js")).href,
    join(root, "collector/main.ts"),
    "measure",
    "--id",
    "collector",
    "--host",
    measureHost,
    "--port",
    String(measurePort),
    "--secret-file",
    secretFile,
    "--with-parent",
  ];
  void keepMeasuring(() => spawn(node, words, { stdio: ["pipe", "pipe", "inherit"], env: childEnvironment() }), measureWatch, stop);
}

/** Keeps the store in order until the signal, however long that takes: nobody else waits for it. What is cut off then is done by the next collector. */
async function keepOrder(collector: Collector, log: Log, stop: AbortSignal): Promise<void> {
  const attempt = patientAttempts(log, stop);
  const stopped = once(stop, "abort");
  while (!stop.aborted) {
    await Promise.race([attempt("upkeep failed; it is tried again", () => collector.upkeep()), stopped]);
    await Promise.race([attempt("the days could not be counted; it is tried again", () => collector.countDays()), stopped]);
    await Promise.race([attempt("the last month could not be sealed; it is tried again", () => collector.sealMonth()), stopped]);
    await sleep(UPKEEP_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** Judges what time alone changes, and sends what is due, until the signal. */
async function keepWorking(collector: Collector, tend: CollectorOptions["store"]["tend"], log: Log, stop: AbortSignal): Promise<void> {
  const attempt = patientAttempts(log, stop);
  let pushDueMs = 0;
  let hasLooked = false;
  while (!stop.aborted) {
    await attempt("the collector's own PostgreSQL could not be started; it is tried again", async () => {
      if (await tend?.()) log.warn("the collector's own PostgreSQL had ended and was started again");
    });
    await attempt("the disks could not be looked at", () => collector.watchStorage());
    await attempt("judging failed; it is tried again", async () => {
      if (!hasLooked) await collector.judge.lookAtAll(Date.now());
      hasLooked = true;
      await collector.judge.tick(Date.now());
    });
    await attempt("the province could not be looked at; it is tried again", () => collector.watchProvince(Date.now()));
    await attempt("what is known of backups could not be read; it is tried again", () => collector.watchBackups(Date.now()));
    await attempt("problems could not be opened; it is tried again", () => collector.alerts.tick(Date.now()));
    await attempt("the outbox could not be read; it is tried again", () => collector.postman.round(Date.now()));
    if (Date.now() >= pushDueMs) {
      await attempt("the Alertmanager was not told; it is told with the next push", () => collector.pushProblems());
      pushDueMs = Date.now() + PUSH_EVERY_MS;
    }
    await sleep(TICK_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

/**
 * Runs work that comes back by itself. What fails again and again (a database that is away, a full disk) is said when it begins and then once in a
 * while: the log may lie on the very disk that is full. What the stop itself has cut off is no failure.
 */
function patientAttempts(log: Log, stop: AbortSignal): (failed: string, work: () => Promise<unknown>) => Promise<void> {
  const saidMs = new Map<string, number>();
  return async (failed, work) => {
    try {
      await work();
      saidMs.delete(failed);
    } catch (error) {
      if (stop.aborted || performance.now() - (saidMs.get(failed) ?? Number.NEGATIVE_INFINITY) < SAY_AGAIN_MS) return;
      saidMs.set(failed, performance.now());
      log.error({ err: error }, failed);
    }
  };
}
