import { cleanText } from "#schemas/clean-text.ts";
import { type HttpAccess, type Target, targetLabel } from "#schemas/target.ts";
import type { IsWanted } from "../../devices/aggregate.ts";
import { openApiSession } from "../../devices/api/api-session.ts";
import { findApi } from "../../devices/api/registry.ts";
import type { NetworkDefinition } from "../../devices/definition.ts";
import { identify, readSystem, type SystemFacts } from "../../devices/identify.ts";
import { type DeviceAnswer, readMetrics } from "../../devices/read-metrics.ts";
import { definitions } from "../../devices/registry.ts";
import { DeviceError } from "../../io/device-error.ts";
import type { Io } from "../../io/io.ts";
import { isLanAddress } from "../../io/lan-address.ts";
import { loginGuard } from "../../io/login-guard.ts";
import type { SnmpSession } from "../../io/snmp.ts";
import type { Ways } from "../../io/ways.ts";
import type { TargetAnswer } from "./target-answer.ts";

/** Longest visit to one device, ms. */
export const VISIT_MS = 10_000;
const SNMP_PORT = 161;
/** Ports that a living access point or router accepts or refuses; silence on all of them and to echo means that it is off. */
const presencePorts = [80, 443, 22];

/** What all targets of a run share. `isWanted`: which hosts of a router's tables may sit on the Wi-Fi. */
export type Asking = { readonly io: Io; readonly ways: Ways; readonly isWanted: IsWanted };

/** Asks one target for all that it tells of its Wi-Fi. Faults come back as states, never as numbers. */
export async function askTarget(target: Target, { io, ways, isWanted }: Asking, signal: AbortSignal): Promise<TargetAnswer> {
  const label = targetLabel(target);
  const visit = AbortSignal.any([signal, AbortSignal.timeout(VISIT_MS)]);
  try {
    const answer = await askBest(target, label, { io, isWanted }, visit);
    await ways.answered(target.address);
    return answer;
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const silent = error.trouble === "timeout" || error.trouble === "unreachable";
    const cutOff = silent ? await ways.cutOff(target.address) : undefined;
    if (cutOff !== undefined) return { state: "failed", label, address: target.address, reason: "no_route", message: cutOff };
    if (silent && (await isGone(target.address, io, signal))) return { state: "down", label, address: target.address };
    const reason = error.trouble === "device_busy" ? "refused" : error.trouble;
    return { state: "failed", label, address: target.address, reason, message: cleanText(error.message, 200) };
  }
}

/** The API tells more where there is one; SNMP stands in for it when both are configured. */
async function askBest(target: Target, label: string, asking: Omit<Asking, "ways">, signal: AbortSignal): Promise<TargetAnswer> {
  if (target.http === undefined) return askSnmp(target, label, asking, signal);
  if (target.snmp === undefined) return askApi(target, target.http, label, asking.io, signal);
  return askApi(target, target.http, label, asking.io, signal).catch((error: unknown) => {
    if (!(error instanceof DeviceError)) throw error;
    return askSnmp(target, label, asking, signal);
  });
}

async function askSnmp(target: Target, label: string, { io, isWanted }: Omit<Asking, "ways">, signal: AbortSignal): Promise<TargetAnswer> {
  const access = target.snmp ?? { version: "2c" as const, community: "public" };
  using session = io.openSnmp({ address: target.address, port: access.port ?? target.port ?? SNMP_PORT, access }, signal);
  const system = await readSystem(session);
  const known = definitions().filter((definition) => definition.kind === "network");
  const common = { state: "answered", label, address: target.address } as const;
  const asked = await firstThatTells(session, known, system, (definition) => readMetrics(session, definition, label, isWanted));
  if (!asked)
    return {
      ...common,
      method: "none",
      vendor: "",
      scope: "ap",
      counted: "stations",
      zeroDoubtful: false,
      totals: new Map(),
      details: [],
      note: `no definition fits sysObjectID ${cleanText(system.objectId, 64) || "(none)"}: ${cleanText(system.descr, 80)}`,
    };
  const { definition, totals, details } = asked;
  const { vendor, scope, method: counted, zeroDoubtful } = definition;
  return { ...common, method: `snmp:${definition.id}`, vendor, scope, counted, zeroDoubtful, totals, details };
}

/** Ports on which an API is spoken without TLS unless the target says otherwise. */
const plainPorts = [80, 8080];
const API_PORT = 443;

async function askApi({ address, port: own }: Target, http: HttpAccess, label: string, io: Io, signal: AbortSignal): Promise<TargetAnswer> {
  const port = http.port ?? own ?? API_PORT;
  const tls = http.tls ?? !plainPorts.includes(port);
  const { user, password, apiKey } = http;
  const session = openApiSession(io.lanHttp, { address, port, tls, user, password, apiKey }, signal);
  const { id, vendor, scope, read } = await findApi(session);
  const login = { address, port, service: id, user, password: password ?? apiKey };
  loginGuard.check(login);
  const answer = await read(session, label).catch((error: unknown) => {
    if (error instanceof DeviceError && error.trouble === "auth_failed") loginGuard.refused(login);
    throw error;
  });
  loginGuard.accepted(login);
  const note = tls
    ? isLanAddress(address)
      ? "its own certificate was accepted, as the address is a private one"
      : undefined
    : "without TLS: its password can be read on the LAN";
  const common = { state: "answered", label, address, method: `api:${id}`, vendor, scope, counted: "stations", zeroDoubtful: false } as const;
  return { ...common, ...answer, ...(note !== undefined && { note }) };
}

/** The vendor's definition, else a general one for routers and switches when that one tells no number. */
async function firstThatTells(
  session: SnmpSession,
  known: readonly NetworkDefinition[],
  system: SystemFacts,
  read: (definition: NetworkDefinition) => Promise<DeviceAnswer>,
) {
  let first: ({ definition: NetworkDefinition } & DeviceAnswer) | undefined;
  for (let rest = known; ; ) {
    const definition = await identify(session, rest, system);
    if (!definition) return first;
    const answer = { definition, ...(await read(definition)) };
    if (answer.totals.size > 0) return answer;
    first ??= answer;
    rest = rest.filter((other) => other !== definition && other.method === "neighbours");
  }
}

/** True only when echo requests could be sent and neither these nor TCP brought any sign of life. */
async function isGone(address: string, io: Io, signal: AbortSignal): Promise<boolean> {
  const shape = { count: 1, intervalMs: 200, timeoutMs: 1_000 };
  const echo = io.icmpBurst(address, shape, signal).then(
    ({ rttsMs }) => rttsMs.length,
    () => undefined,
  );
  const knocks = presencePorts.map((port) =>
    io.tcpBurst(address, port, shape, signal).then(
      ({ rttsMs }) => rttsMs.length,
      () => 0,
    ),
  );
  const [echoes, ...answers] = await Promise.all([echo, ...knocks]);
  return echoes === 0 && answers.every((count) => count === 0);
}
