import { cleanText } from "#schemas/clean-text.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { outcomeWord } from "#schemas/text/outcome-word.ts";
import { isTextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { runAgent } from "../agent.ts";
import { CLOCK_BAD_MS } from "../clock-state.ts";
import type { Settings } from "../config.ts";
import { enrol } from "../enrolment.ts";
import { type Identity, placeWord, readIdentity } from "../identity.ts";
import { type AgentStatus, dateSuspect, readStatus } from "../status.ts";
import { exitCodes, type Terminal, UsageError } from "../terminal.ts";
import { CollectorClient } from "../uplink/collector-client.ts";
import { readCa } from "../uplink/private-ca.ts";
import { version } from "../version.ts";

/** Runs the agent until the process is asked to end. */
export async function runCommandOfAgent(settings: Settings, terminal: Terminal, options: { splay: boolean }): Promise<number> {
  await runAgent(settings, terminal.stop, options);
  return exitCodes.ok;
}

/** Makes this PC known to the collector and says as which centre. Without `given` the code is asked for: others may read a command line. */
export async function enrolCommand(given: string | undefined, collector: string | undefined, settings: Settings, terminal: Terminal): Promise<number> {
  const { dataDir, lang } = settings;
  const url = collector ?? settings.collectorUrl;
  if (url === undefined) throw new UsageError((lang) => text(lang, "agent.enrol.no_collector"));
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new UsageError((lang) => text(lang, "agent.enrol.no_address", { url: cleanText(url) }));
  const client = new CollectorClient({ url, ca: readCa(settings.caFile), version });
  const code = given ?? (await terminal.readSecret(text(lang, "agent.enrol.prompt"))).trim();
  const before = standingBefore(dataDir);
  const identity = await enrol(code, client, { dataDir, collector: url, version, nowMs: Date.now }, terminal.stop);
  terminal.err(`${text(lang, "agent.enrolled", { centre: placeWord(lang, identity), agent: identity.agent })}\n`);
  if (before && placeWord(lang, before) !== placeWord(lang, identity))
    terminal.err(`${text(lang, "agent.enrolled.moved", { before: placeWord(lang, before) })}\n`);
  return exitCodes.ok;
}

/** As whom this PC spoke until now; a damaged identity is what many an enrolment mends. */
function standingBefore(dataDir: string): Identity | undefined {
  try {
    return readIdentity(dataDir);
  } catch {
    return undefined;
  }
}

/** What the agent on this PC said last: JSON for machines, a few lines for people. */
export function statusCommand(settings: Settings, terminal: Terminal, json: boolean): number {
  const { dataDir, lang } = settings;
  const identity = readIdentity(dataDir);
  const status = readStatus(dataDir);
  if (json) {
    terminal.out(`${JSON.stringify({ identity: identity ?? null, status: status ?? null })}\n`);
    return exitCodes.ok;
  }
  if (identity === undefined) terminal.out(`${text(lang, "agent.status.not_enrolled", { folder: dataDir })}\n`);
  else terminal.out(`${text(lang, "agent.status.identity", { centre: placeWord(lang, identity), agent: identity.agent, collector: identity.collector })}\n`);
  if (status === undefined) {
    terminal.out(`${text(lang, "agent.status.never_ran")}\n`);
    return exitCodes.ok;
  }
  const { at, uplink, spool, assignments } = status;
  terminal.out(`${text(lang, "agent.status.at", { at: moment(lang, at), version: status.version })}\n`);
  terminal.out(`${text(lang, "agent.status.spool", { waiting: spool.waiting + spool.frozen, dead: spool.deadLetters, lost: spool.lost })}\n`);
  terminal.out(`${text(lang, "agent.status.sent", { at: uplink.lastSuccessAt === undefined ? "-" : moment(lang, uplink.lastSuccessAt) })}\n`);
  for (const line of clockLines(lang, status)) terminal.out(`${line}\n`);
  if (uplink.hold !== undefined) terminal.out(`${text(lang, `agent.hold.${uplink.hold}`)}\n`);
  for (const { id, last, dueInS } of assignments) {
    const due = dueInS > 0 ? text(lang, "agent.status.due", { at: moment(lang, Date.parse(at) + dueInS * 1_000) }) : "";
    terminal.out(`  ${id.padEnd(32)} ${(last === undefined ? "-" : runWords(lang, last)).padEnd(48)} ${due}`.trimEnd().concat("\n"));
  }
  return exitCodes.ok;
}

/** What a run came to, as the status file keeps it (`failed: no_route`), in words. */
function runWords(lang: Lang, last: string): string {
  const [kind = "", reason] = last.split(": ");
  const key = `web.outcome.${kind}`;
  const word = isTextKey(key) ? text(lang, key) : kind;
  return reason === undefined ? word : `${word}: ${outcomeWord(lang, reason)}`;
}

/** What keeps this PC from trusting the collector's certificate, or how far off its clock is, and what to do about it; nothing where all is well. */
function clockLines(lang: Lang, status: AgentStatus): string[] {
  const { at, clock } = status;
  const suspect = dateSuspect(status);
  const offset = (clock.offsetMs ?? 0) / 1_000;
  if (suspect !== undefined) return [text(lang, `agent.dates.${suspect}`, { now: moment(lang, at), offset }), text(lang, `agent.dates.hint.${suspect}`)];
  if (Math.abs(offset) * 1_000 <= CLOCK_BAD_MS) return [];
  return [`${text(lang, "selfcheck.title.clock")}: ${text(lang, "selfcheck.detail.clock", { offset })}`, text(lang, "agent.dates.hint.clock")];
}
