import { writeFileSync } from "node:fs";
import { PolicyProfile } from "#schemas/policy.ts";
import { text } from "#schemas/text/text.ts";
import { Lang } from "#schemas/words.ts";
import { bundledPolicy } from "../bundled-policy.ts";
import type { Settings } from "../config.ts";
import { configOwner, readKeptConfig } from "../config-store.ts";
import { type Identity, keyOf, readIdentity } from "../identity.ts";
import { bundleFiles } from "../selfcheck/bundle.ts";
import { judgePlan } from "../selfcheck/judge-plan.ts";
import { type LiveRuns, liveRuns } from "../selfcheck/live-runs.ts";
import { type Report, renderJson, renderNagios, renderText } from "../selfcheck/render.ts";
import { exitCodeOf } from "../selfcheck/result.ts";
import { checkIds, isCheckId, selfCheck } from "../selfcheck/selfcheck.ts";
import type { Surroundings } from "../selfcheck/surroundings.ts";
import { zip } from "../selfcheck/zip.ts";
import { readSpool } from "../spool/read-spool.ts";
import { readStatus } from "../status.ts";
import { type Terminal, UsageError } from "../terminal.ts";
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
  readonly bundle?: string;
};

const QUICK_MS = 12_000;
const ORDINARY_MS = 120_000;
/** A test lasts about this long in each direction at the floor's rate; shown before it is asked for. */
const TEST_S = 4;

/** Checks everything that this PC can see and prints it; its exit code is the worst state. Wrong flags throw UsageError. */
export async function selfCheckCommand(flags: SelfCheckFlags, settings: Settings, nodeVersion: string, terminal: Terminal): Promise<number> {
  const lang = langOf(flags, settings);
  if (flags.only !== undefined && !isCheckId(flags.only)) throw new UsageError(text(lang, "selfcheck.none", { id: flags.only, ids: checkIds.join(", ") }));
  const quiet = flags.json === true || flags.nagios === true;
  const stop = AbortSignal.any([terminal.stop, AbortSignal.timeout(flags.quick ? QUICK_MS : ORDINARY_MS)]);
  const live = liveRuns(settings.dataDir, stop);
  const surroundings = await look(flags, settings, nodeVersion, live, (mb) => terminal.confirm(text(lang, "selfcheck.confirm.full", { mb })));
  const spinning = terminal.isTty && !quiet;
  const results = await selfCheck(surroundings, {
    only: flags.only,
    judge: judgePlan,
    working: (group) => {
      if (spinning)
        terminal.err(`\r\u001b[K${text(lang, "selfcheck.working", { group: text(lang, `selfcheck.group.${group}`, { policy: surroundings.policy.id }) })}`);
    },
  });
  if (spinning) terminal.err("\r\u001b[K");
  const { identity, policy, nowMs } = surroundings;
  const report: Report = { results, centre: identity?.centre, agent: identity?.agent, version, policy, startedMs: nowMs, offline: flags.offline === true };
  terminal.out(flags.json ? `${renderJson(report)}\n` : flags.nagios ? renderNagios(report, lang) : renderText(report, lang, terminal.colour));
  if (flags.bundle !== undefined) writeBundle(flags.bundle, report, surroundings, lang, terminal);
  return exitCodeOf(results);
}

function langOf(flags: SelfCheckFlags, settings: Settings): Lang {
  if (flags.lang === undefined) return settings.lang;
  const lang = Lang.safeParse(flags.lang);
  if (!lang.success) throw new UsageError(`self-check: --lang: "${flags.lang}" is neither vi nor en`);
  return lang.data;
}

async function look(
  flags: SelfCheckFlags,
  settings: Settings,
  nodeVersion: string,
  live: LiveRuns,
  confirm: (mb: number) => Promise<boolean>,
): Promise<Surroundings> {
  const faults: { what: string; error: string }[] = [];
  const attempt = <T>(what: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      faults.push({ what, error: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
  };
  const { dataDir } = settings;
  const identity = attempt("agent.json", () => readIdentity(dataDir));
  const config = identity && readKeptConfig(dataDir, configOwner(identity, settings.local));
  const policy = config?.policy ?? PolicyProfile.parse(bundledPolicy);
  const collectorUrl = settings.collectorUrl ?? identity?.collector;
  const client = identity && collectorUrl !== undefined ? attempt("agent.key", () => clientOf(settings, identity, collectorUrl)) : undefined;
  const wantsSpeed =
    flags.full === true && flags.offline !== true && client !== undefined && (config?.measureServers.length ?? 0) > 0 && (await confirm(megabytesOf(policy)));
  return {
    settings,
    version,
    nodeVersion,
    nowMs: Date.now(),
    quick: flags.quick === true,
    identity,
    status: readStatus(dataDir),
    spool: attempt("spool.db", () => readSpool(dataDir)),
    config,
    policy,
    collectorUrl,
    run: flags.offline ? undefined : live.run,
    testSpeed: wantsSpeed ? (server, options) => live.testSpeed(client, server, options) : undefined,
    fresh: live.fresh,
    faults,
  };
}

function clientOf(settings: Settings, identity: Identity, url: string): CollectorClient {
  return new CollectorClient({ url, ca: readCa(settings.caFile), signer: { agent: identity.agent, key: keyOf(settings.dataDir, identity) }, version });
}

function megabytesOf({ requirements }: PolicyProfile): number {
  const floors = requirements.flatMap(({ rule }) => (rule.kind === "floor" && rule.probe === "link-bandwidth" ? [rule.floor] : []));
  return Math.round((Math.max(0, ...floors) * TEST_S * 2) / 8);
}

/** Shows what the file will hold before it is written. */
function writeBundle(file: string, report: Report, surroundings: Surroundings, lang: Lang, terminal: Terminal): void {
  const files = bundleFiles({ ...surroundings, reportJson: renderJson(report), reportText: renderText(report, lang, false) });
  terminal.err(`${text(lang, "selfcheck.bundle.list", { file })}\n`);
  for (const { name, content } of files) terminal.err(`  ${name} (${Buffer.byteLength(content)} B)\n`);
  try {
    writeFileSync(file, zip(files, report.startedMs), { mode: 0o600 });
  } catch (error) {
    throw new UsageError(`${file}: cannot be written (${error instanceof Error && "code" in error ? error.code : "unknown error"})`);
  }
  terminal.err(`${text(lang, "selfcheck.bundle.done", { file })}\n`);
}
