import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { OFFLINE_MS } from "#schemas/evaluate/silence.ts";
import { placeWord } from "../identity.ts";
import { type AgentStatus, type DateSuspect, dateSuspect, isRunning } from "../status.ts";
import { UsageError } from "../terminal.ts";
import { type CheckResult, localTime, phrase } from "./result.ts";
import type { Check, Surroundings } from "./surroundings.ts";
import { technical } from "./unasked-line.ts";

const WAITING_WARN = 2_000;
const DISK_FREE_BYTES_MIN = 1024 ** 3;
const DISK_FREE_SHARE_MIN = 0.05;
const GIB = 1024 ** 3;
const GROUP_AND_OTHERS = 0o077;

/** What the agent can say about itself without asking anyone. */
export const selfChecks: readonly Check[] = [
  { id: "self.version", group: "self", run: checkVersion },
  { id: "self.files", group: "self", run: checkFiles },
  { id: "self.enrolment", group: "self", run: checkEnrolment },
  { id: "self.agent", group: "self", run: checkAgent },
  { id: "self.delivery", group: "self", run: checkDelivery },
  { id: "self.spool", group: "self", run: checkSpool },
  { id: "self.disk", group: "self", run: checkDisk },
  { id: "self.clock", group: "self", run: checkClock },
  { id: "self.secrets", group: "self", run: checkSecrets },
];

const self = { group: "self" } as const;
const IDENTITY = "agent.json";
const unread = phrase("selfcheck.detail.file_fault", { what: IDENTITY });

function checkVersion({ version, nodeVersion, settings }: Surroundings): CheckResult[] {
  const file = settings.file ?? "-";
  return [
    {
      ...self,
      id: "self.version",
      state: "ok",
      title: phrase("selfcheck.title.version"),
      detail: phrase("selfcheck.detail.version", { version, node: nodeVersion, file }),
    },
  ];
}

function checkFiles({ faults }: Surroundings): CheckResult[] {
  return faults.map(({ what, error }) => ({
    ...self,
    id: "self.files",
    state: "fail",
    title: phrase("selfcheck.title.files"),
    detail: phrase("selfcheck.detail.file_fault", { what }),
    ...remedyOf(error),
    owner: phrase("owner.province-it"),
  }));
}

/** A fault that a person can mend says how; of any other the words are for the technician. */
function remedyOf(error: unknown): Pick<CheckResult, "hint" | "technical"> {
  if (error instanceof UsageError) return { hint: { vi: error.say("vi"), en: error.say("en") } };
  return { hint: phrase("selfcheck.hint.hold"), ...technical([error instanceof Error ? error.message : String(error)]) };
}

/** Who this PC is cannot be read: that is not the same as a PC that was never enrolled. */
export function isClosed({ faults }: Pick<Surroundings, "faults">): boolean {
  return faults.some(({ what }) => what === IDENTITY);
}

function checkEnrolment(surroundings: Surroundings): CheckResult[] {
  const { identity } = surroundings;
  const base = { ...self, id: "self.enrolment", title: phrase("selfcheck.title.enrolment") } as const;
  if (isClosed(surroundings)) return [{ ...base, state: "unknown", detail: unread }];
  if (identity !== undefined) {
    const centre = { vi: placeWord("vi", identity), en: placeWord("en", identity) };
    return [{ ...base, state: "ok", detail: phrase("selfcheck.detail.enrolled", { centre, agent: identity.agent }) }];
  }
  return [
    { ...base, state: "warn", detail: phrase("selfcheck.detail.not_enrolled"), hint: phrase("selfcheck.hint.enrol"), owner: phrase("owner.province-it") },
  ];
}

function checkAgent(surroundings: Surroundings): CheckResult[] {
  const { identity, status, nowMs } = surroundings;
  const base = { ...self, id: "self.agent", title: phrase("selfcheck.title.agent") } as const;
  if (identity === undefined && isClosed(surroundings)) return [{ ...base, state: "unknown", detail: unread }];
  if (identity === undefined) return [{ ...base, state: "not_applicable", detail: phrase("selfcheck.detail.not_enrolled") }];
  if (status !== undefined && isRunning(status, nowMs))
    return [{ ...base, state: "ok", detail: phrase("selfcheck.detail.agent_runs", { since: localTime(status.startedAt) }) }];
  const detail = status === undefined ? phrase("selfcheck.detail.agent_never") : phrase("selfcheck.detail.agent_silent", { since: localTime(status?.at) });
  return [{ ...base, state: "warn", detail, hint: phrase("selfcheck.hint.start_agent"), owner: phrase("owner.commune") }];
}

function checkDelivery({ status, nowMs }: Surroundings): CheckResult[] {
  const base = { ...self, id: "self.delivery", title: phrase("selfcheck.title.delivery") } as const;
  if (status === undefined) return [{ ...base, state: "not_applicable", detail: phrase("selfcheck.detail.agent_never") }];
  const { hold, lastSuccessAt, lastError } = status.uplink;
  const waiting = status.spool.waiting + status.spool.frozen;
  if (hold !== undefined)
    return [{ ...base, state: "fail", detail: phrase(`agent.hold.${hold}`), hint: phrase("selfcheck.hint.hold"), owner: phrase("owner.province-it") }];
  const suspect = isRunning(status, nowMs) ? dateSuspect(status) : undefined;
  if (suspect !== undefined) return [{ ...base, state: "fail", measured: waiting, ...datesLine(suspect, status, nowMs) }];
  const told = { waiting, at: localTime(lastSuccessAt) };
  const detail = phrase(lastError === undefined ? "selfcheck.detail.delivery" : "selfcheck.detail.delivery_unanswered", told);
  const line = { ...base, measured: waiting, detail, owner: phrase("owner.commune"), ...(lastError !== undefined && { technical: lastError }) };
  if (lastError !== undefined || waiting >= WAITING_WARN) return [{ ...line, state: "warn", hint: phrase("selfcheck.hint.delivery") }];
  if (!isRunning(status, nowMs)) return [{ ...line, state: "unknown", hint: phrase("selfcheck.hint.start_agent") }];
  const isRecent = lastSuccessAt !== undefined && nowMs - Date.parse(lastSuccessAt) <= OFFLINE_MS;
  return isRecent ? [{ ...base, state: "ok", measured: waiting, detail }] : [{ ...line, state: "unknown", hint: phrase("selfcheck.hint.delivery") }];
}

/** What a certificate whose dates are not believed says of this PC and its collector. */
function datesLine(suspect: DateSuspect, { clock }: AgentStatus, nowMs: number): Pick<CheckResult, "detail" | "hint" | "owner"> {
  const said = { now: localTime(new Date(nowMs).toISOString()), offset: (clock.offsetMs ?? 0) / 1_000 };
  return {
    detail: phrase(`agent.dates.${suspect}`, said),
    hint: phrase(`agent.dates.hint.${suspect}`),
    owner: phrase(suspect === "certificate" ? "owner.province-it" : "owner.commune"),
  };
}

function checkSpool({ spool, status }: Surroundings): CheckResult[] {
  const base = { ...self, id: "self.spool", title: phrase("selfcheck.title.spool") } as const;
  if (spool === undefined) return [{ ...base, state: "not_applicable", detail: phrase("selfcheck.detail.no_spool") }];
  const { waiting, frozen, deadLetters, lost } = spool.status;
  const detail = phrase("selfcheck.detail.spool", { waiting: waiting + frozen, dead: deadLetters, lost, aside: spool.setAside });
  if (!spool.sound || status?.spool.durable === false)
    return [{ ...base, state: "fail", detail: phrase("selfcheck.detail.spool_damaged"), hint: phrase("selfcheck.hint.disk"), owner: phrase("owner.commune") }];
  const isFine = lost === 0 && deadLetters === 0 && spool.setAside === 0;
  if (isFine) return [{ ...base, state: "ok", detail }];
  return [{ ...base, state: "warn", detail, hint: phrase("selfcheck.hint.spool"), owner: phrase("owner.province-it") }];
}

function checkDisk({ disk }: Surroundings): CheckResult[] {
  const base = { ...self, id: "self.disk", title: phrase("selfcheck.title.disk") } as const;
  const { freeBytes, totalBytes } = disk();
  const share = freeBytes / Math.max(1, totalBytes);
  const detail = phrase("selfcheck.detail.disk", { free: freeBytes / GIB, percent: share * 100 });
  if (freeBytes >= DISK_FREE_BYTES_MIN && share >= DISK_FREE_SHARE_MIN) return [{ ...base, state: "ok", detail }];
  return [{ ...base, state: "warn", detail, hint: phrase("selfcheck.hint.disk_full"), owner: phrase("owner.commune") }];
}

function checkClock({ status, nowMs }: Surroundings): CheckResult[] {
  const base = { ...self, id: "self.clock", title: phrase("selfcheck.title.clock") } as const;
  const offsetMs = status?.clock.offsetMs;
  if (status !== undefined && isRunning(status, nowMs) && dateSuspect(status) === "either")
    return [{ ...base, state: "warn", ...datesLine("either", status, nowMs) }];
  if (status === undefined || !isRunning(status, nowMs) || offsetMs === undefined)
    return [{ ...base, state: "unknown", detail: phrase("selfcheck.detail.clock_unknown"), hint: phrase("selfcheck.hint.clock_unknown") }];
  const detail = phrase("selfcheck.detail.clock", { offset: offsetMs / 1_000 });
  const measured = offsetMs / 1_000;
  if (status.clock.state === "ok") return [{ ...base, state: "ok", measured, unit: "s", detail }];
  const state = status.clock.state === "skewed" ? "warn" : "fail";
  return [{ ...base, state, measured, unit: "s", detail, hint: phrase("agent.dates.hint.clock"), owner: phrase("owner.commune") }];
}

/** Files with keys must be readable by their owner alone. Windows keeps that in ACLs, which are not read here. */
function checkSecrets({ settings, identity }: Surroundings): CheckResult[] {
  const base = { ...self, id: "self.secrets", title: phrase("selfcheck.title.secrets") } as const;
  if (process.platform === "win32") return [{ ...base, state: "not_applicable", detail: phrase("selfcheck.detail.secrets_acl") }];
  const names = [...(identity === undefined ? [] : [`${identity.agent}.key`]), join("credentials", "vault.key"), join("credentials", "vault.json")];
  const files = names.map((name) => join(settings.dataDir, name)).filter((file) => existsSync(file));
  const open = files.filter((file) => (statSync(file).mode & GROUP_AND_OTHERS) !== 0);
  if (open.length === 0) return [{ ...base, state: "ok", detail: phrase("selfcheck.detail.secrets", { count: files.length }) }];
  const detail = phrase("selfcheck.detail.secrets_open", { files: open.join(", ") });
  return [{ ...base, state: "fail", detail, hint: phrase("selfcheck.hint.secrets"), owner: phrase("owner.province-it") }];
}
