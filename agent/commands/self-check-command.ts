import { existsSync, statfsSync, writeFileSync } from "node:fs";
import { platform } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { VIETNAM_OFFSET_MS } from "#schemas/calendar.ts";
import { cleanText } from "#schemas/clean-text.ts";
import { PolicyProfile } from "#schemas/policy.ts";
import { text } from "#schemas/text/text.ts";
import { Lang } from "#schemas/words.ts";
import { bundledPolicy } from "../bundled-policy.ts";
import type { Settings } from "../config.ts";
import { configOwner, readKeptConfig } from "../config-store.ts";
import { type Identity, keyOf, readIdentity } from "../identity.ts";
import { lastLogLines } from "../log-file.ts";
import { bundleFiles, LOG_LINES } from "../selfcheck/bundle.ts";
import { judgePlan } from "../selfcheck/judge-plan.ts";
import { liveRuns } from "../selfcheck/live-runs.ts";
import { plainLook, type Report, renderJson, renderJsonLines, renderNagios, renderText } from "../selfcheck/render.ts";
import { exitCodeOf, localOnly } from "../selfcheck/result.ts";
import { isClosed } from "../selfcheck/self-checks.ts";
import { checkIds, checksByGroup, isCheckId, selfCheck } from "../selfcheck/selfcheck.ts";
import { spinner } from "../selfcheck/spinner.ts";
import type { Surroundings } from "../selfcheck/surroundings.ts";
import { zip } from "../selfcheck/zip.ts";
import { readSpool } from "../spool/read-spool.ts";
import { readStatus } from "../status.ts";
import { outsideGuard } from "../subnets.ts";
import { exitCodes, type Terminal, UsageError } from "../terminal.ts";
import { CollectorClient } from "../uplink/collector-client.ts";
import { readCa } from "../uplink/private-ca.ts";
import { version } from "../version.ts";

export type SelfCheckFlags = {
  readonly json?: boolean;
  readonly nagios?: boolean;
  readonly quick?: boolean;
  readonly full?: boolean;
  readonly only?: string;
  readonly offline?: boolean;
  readonly lang?: string;
  /** True where no file is named. */
  readonly bundle?: string | true;
  readonly jsonl?: boolean;
  readonly list?: boolean;
  readonly every?: string;
  readonly timeout?: string;
  readonly local?: boolean;
  /** False with `--no-color`. */
  readonly color?: boolean;
};

const QUICK_MS = 12_000;
/** Windows tells its routes and interfaces through PowerShell, which starts in seconds, and its ping waits a second between packets. */
const QUICK_ON_WINDOWS_MS = 40_000;
const ORDINARY_MS = 120_000;
/** A full-length test lasts no longer than this in each direction at the floor's rate; shown before it is asked for, since the lease decides which one it is. */
const TEST_S = 10;

/**
 * Checks everything that this PC can see and prints it, once or every so often; the exit code is the worst state of the last round.
 * Wrong flags throw UsageError.
 */
export async function selfCheckCommand(flags: SelfCheckFlags, settings: Settings, nodeVersion: string, terminal: Terminal): Promise<number> {
  const lang = langOf(flags, settings);
  if (flags.only !== undefined && !isCheckId(flags.only)) throw noCheck(flags.only);
  if (flags.list) return listChecks(flags, lang, terminal);
  const everyMs = flags.every === undefined ? undefined : timeOf("--every", flags.every);
  if (everyMs !== undefined && (flags.full || flags.bundle !== undefined)) throw new UsageError((lang) => text(lang, "selfcheck.every_alone"));
  for (;;) {
    const code = await checkOnce(flags, settings, nodeVersion, lang, terminal);
    if (everyMs === undefined) return code;
    await sleep(everyMs, undefined, { signal: terminal.stop }).catch(() => undefined);
    if (terminal.stop.aborted) return code;
  }
}

/** Longest quick check of a system, ms. Pure. */
export function quickMs(system: NodeJS.Platform): number {
  return system === "win32" ? QUICK_ON_WINDOWS_MS : QUICK_MS;
}

async function checkOnce(flags: SelfCheckFlags, settings: Settings, nodeVersion: string, lang: Lang, terminal: Terminal): Promise<number> {
  const longestMs = flags.timeout === undefined ? (flags.quick ? quickMs(platform()) : ORDINARY_MS) : timeOf("--timeout", flags.timeout);
  const stop = AbortSignal.any([terminal.stop, AbortSignal.timeout(longestMs)]);
  const surroundings = await look(flags, settings, nodeVersion, stop, (mb) => terminal.confirm(text(lang, "selfcheck.confirm.full", { mb })));
  const wait = spinner(terminal, !(flags.json || flags.jsonl || flags.nagios));
  const results = await selfCheck(surroundings, {
    only: flags.only,
    judge: judgePlan,
    working: (group) => wait.show(text(lang, "selfcheck.working", { group: text(lang, `selfcheck.group.${group}`, { policy: surroundings.policy.id }) })),
  });
  wait.stop();
  const { identity, policy, nowMs } = surroundings;
  const report: Report = {
    results,
    centre: identity?.centre,
    isClosed: isClosed(surroundings),
    agent: identity?.agent,
    version,
    policy,
    startedMs: nowMs,
    offline: flags.offline === true,
  };
  terminal.out(printed(report, flags, lang, terminal));
  if (flags.bundle !== undefined) writeBundle(flags.bundle, report, surroundings, lang, terminal);
  return exitCodeOf(flags.local ? localOnly(results) : results);
}

function printed(report: Report, flags: SelfCheckFlags, lang: Lang, { colour, asciiOnly }: Terminal): string {
  if (flags.json) return `${renderJson(report)}\n`;
  if (flags.jsonl) return renderJsonLines(report);
  return flags.nagios ? renderNagios(report, lang) : renderText(report, lang, { colour: colour && flags.color !== false, asciiOnly });
}

/** What `--only` can name, group by group. */
function listChecks({ json }: SelfCheckFlags, lang: Lang, { out }: Terminal): number {
  const { requirements, id, version } = PolicyProfile.parse(bundledPolicy);
  const groups = [...checksByGroup].map(([group, ids]) => ({
    group,
    title: text(lang, `selfcheck.group.${group}`, { policy: `${id}@${version}` }),
    ids: group === "plan" ? requirements.map((requirement) => requirement.id) : ids,
  }));
  out(json ? `${JSON.stringify(groups)}\n` : groups.map(({ group, title, ids }) => `${group.padEnd(8)} ${title}\n  ${ids.join("\n  ")}\n`).join(""));
  return exitCodes.ok;
}

const units = { s: 1_000, m: 60_000, h: 3_600_000 } as const;
const TIME_MAX_MS = 24 * units.h;

function timeOf(flag: string, words: string): number {
  const [, count, unit] = /^(\d{1,5})([smh])$/.exec(words) ?? [];
  const ms = Number(count) * units[(unit ?? "s") as keyof typeof units];
  if (!(ms > 0 && ms <= TIME_MAX_MS)) throw new UsageError((lang) => text(lang, "selfcheck.no_time", { flag, given: cleanText(words) }));
  return ms;
}

function langOf({ lang: given }: SelfCheckFlags, settings: Settings): Lang {
  if (given === undefined) return settings.lang;
  const lang = Lang.safeParse(given);
  if (!lang.success) throw new UsageError((reader) => text(reader, "selfcheck.no_lang", { given: cleanText(given) }));
  return lang.data;
}

function noCheck(id: string): UsageError {
  return new UsageError((lang) => text(lang, "selfcheck.none", { id: cleanText(id), ids: checkIds.join(", ") }));
}

async function look(
  flags: SelfCheckFlags,
  settings: Settings,
  nodeVersion: string,
  stop: AbortSignal,
  confirm: (mb: number) => Promise<boolean>,
): Promise<Surroundings> {
  const faults: Surroundings["faults"][number][] = [];
  const attempt = <T>(what: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      faults.push({ what, error });
      return undefined;
    }
  };
  const { dataDir } = settings;
  const identity = attempt("agent.json", () => readIdentity(dataDir));
  const config = identity && readKeptConfig(dataDir, configOwner(identity, settings.local));
  const policy = config?.policy ?? PolicyProfile.parse(bundledPolicy);
  const collectorUrl = settings.collectorUrl ?? identity?.collector;
  const ca = attempt("caFile", () => readCa(settings.caFile));
  const client = identity && collectorUrl !== undefined ? attempt("agent.key", () => clientOf(settings, identity, collectorUrl, ca)) : undefined;
  const live = liveRuns(dataDir, outsideGuard(settings.local, collectorUrl), stop);
  const wantsSpeed =
    flags.full === true && flags.offline !== true && client !== undefined && (config?.measureServers.length ?? 0) > 0 && (await confirm(megabytesOf(policy)));
  return {
    settings,
    version,
    nodeVersion,
    nowMs: Date.now(),
    quick: flags.quick === true,
    disk: () => diskOf(dataDir),
    identity,
    status: readStatus(dataDir),
    spool: attempt("spool.db", () => readSpool(dataDir)),
    config,
    policy,
    collectorUrl,
    ca,
    run: flags.offline ? undefined : live.run,
    testSpeed: wantsSpeed ? (options) => live.testSpeed(client, options, config?.measureServers ?? []) : undefined,
    fresh: live.fresh,
    faults,
  };
}

function diskOf(folder: string): ReturnType<Surroundings["disk"]> {
  const { bavail, blocks, bsize } = statfsSync(nearestFolder(folder));
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

function nearestFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestFolder(dirname(path));
}

function clientOf(settings: Settings, identity: Identity, url: string, ca: string | undefined): CollectorClient {
  return new CollectorClient({ url, ca, signer: { agent: identity.agent, key: keyOf(settings.dataDir, identity) }, version });
}

function megabytesOf({ requirements }: PolicyProfile): number {
  const floors = requirements.flatMap(({ rule }) => (rule.kind === "floor" && rule.probe === "link-bandwidth" ? [rule.floor] : []));
  return Math.round((Math.max(0, ...floors) * TEST_S * 2) / 8);
}

/** Shows what the file will hold before it is written, and where it then stands. */
function writeBundle(named: string | true, report: Report, surroundings: Surroundings, lang: Lang, terminal: Terminal): void {
  const file = named === true ? join(surroundings.settings.filesDir, bundleName(report)) : resolve(named);
  const files = bundleFiles({
    ...surroundings,
    reportJson: renderJson(report),
    reportText: renderText(report, lang, plainLook),
    logLines: lastLogLines(surroundings.settings.dataDir, LOG_LINES),
  });
  terminal.err(`${text(lang, "selfcheck.bundle.list", { file })}\n`);
  for (const { name, content } of files) terminal.err(`  ${name} (${Buffer.byteLength(content)} B)\n`);
  try {
    writeFileSync(file, zip(files, report.startedMs), { mode: 0o600 });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "?";
    throw new UsageError((reader) => text(reader, "selfcheck.bundle.failed", { file, error: code }));
  }
  terminal.err(`${text(lang, "selfcheck.bundle.done", { file })}\n`);
}

/** The centre and the Vietnam minute: no file of another day, or of another user, stands in the way. */
function bundleName({ centre, startedMs }: Report): string {
  const minute = new Date(startedMs + VIETNAM_OFFSET_MS).toISOString().slice(0, 16).replace(/[-:]/g, "").replace("T", "-");
  return `hcc-${centre ?? "pc"}-${minute}.zip`;
}
