import { ownReasons } from "#schemas/evaluate/rules/reachable.ts";
import { type Segment, segmentOwners, segments } from "#schemas/fault-location.ts";
import type { MetricName } from "#schemas/metrics.ts";
import { type Evidence, type Outcome, readingOf } from "#schemas/observation.ts";
import type { FloorRule, PolicyProfile } from "#schemas/policy.ts";
import { isTextKey } from "#schemas/text/text.ts";
import { BANDWIDTH_EVERY_S, floorOptions, namesToLookUp } from "../assignments.ts";
import { sharedFaultsOf } from "../status.ts";
import { endOf } from "../url-end.ts";
import { countsForMs, keptLine } from "./kept-evidence.ts";
import { reasonPhrase } from "./reason-phrase.ts";
import { type CheckLine, type CheckResult, type Phrase, phrase } from "./result.ts";
import type { Check, Surroundings } from "./surroundings.ts";
import { technical, unasked } from "./unasked-line.ts";

/** Loss above this is worth a call, whatever the plan says; below it a burst so short shows nothing. */
const LOSS_WARN_PERCENT = 20;

/** The way out of this PC, from the inside to the outside: who answers last shows whose fault it is. */
export const networkChecks: readonly Check[] = [
  { id: "lan.gateway", group: "lan", run: checkLan },
  { id: "wan.quality", group: "wan", run: checkQuality },
  { id: "wan.collector", group: "wan", run: checkCollector },
  { id: "wan.portal", group: "wan", run: checkPortals },
  { id: "wan.throughput", group: "wan", alone: true, run: checkThroughput },
];

async function checkLan({ run, settings, policy }: Surroundings): Promise<CheckResult[]> {
  const titles = {
    gateway: phrase("selfcheck.title.gateway"),
    dns: phrase("selfcheck.title.dns"),
    nic: phrase("selfcheck.title.nic"),
    neighbours: phrase("selfcheck.title.neighbours"),
  };
  const line = (name: keyof typeof titles, rest: Omit<CheckResult, "id" | "group" | "title">): CheckResult => ({
    id: `lan.${name}`,
    group: "lan",
    title: titles[name],
    ...rest,
  });
  if (run === undefined) return (["gateway", "dns", "nic", "neighbours"] as const).map((name) => line(name, notTested));
  const outcome = await run("host", { path: settings.dataDir, ...namesToLookUp(policy) });
  if (outcome.kind !== "measured") return [line("gateway", unasked(outcome))];
  const value = (metric: Parameters<typeof readingOf>[1]) => readingOf(outcome.readings, metric);
  return [
    gatewayLine(value("gateway_up"), outcome.evidence),
    dnsLine(value("dns_resolve_ms"), value("gateway_up")),
    nicLine(value("nic_speed_mbps"), floorOf(policy)?.floor),
    neighboursLine(value("lan_neighbours")),
  ];

  function gatewayLine(up: number | undefined, evidence: Evidence | undefined): CheckResult {
    if (up === 1) return line("gateway", { state: "ok", detail: phrase("selfcheck.detail.gateway_up") });
    if (up === undefined) {
      const isMute = evidence?.gatewayMethod === "neighbour";
      return line("gateway", { state: "unknown", detail: phrase(isMute ? "selfcheck.detail.gateway_mute" : "selfcheck.detail.not_told") });
    }
    const detail = phrase(evidence?.defaultRoute === "none" ? "selfcheck.detail.no_gateway" : "selfcheck.detail.gateway_down");
    return line("gateway", { state: "fail", detail, hint: phrase("selfcheck.hint.gateway"), owner: phrase("owner.commune") });
  }
  function dnsLine(ms: number | undefined, gatewayUp: number | undefined): CheckResult {
    if (ms !== undefined) return line("dns", { state: "ok", measured: ms, unit: "ms", detail: phrase("selfcheck.detail.dns", { ms }) });
    const failed = { state: "fail", detail: phrase("selfcheck.detail.dns_failed") } as const;
    return line("dns", gatewayUp === 0 ? { ...failed, ...firstAbove } : { ...failed, hint: phrase("selfcheck.hint.dns"), owner: phrase("owner.isp") });
  }
  function nicLine(speed: number | undefined, floor: number | undefined): CheckResult {
    if (speed === undefined) return line("nic", { state: "unknown", detail: phrase("selfcheck.detail.not_told") });
    const base = { measured: speed, unit: "Mbps", ...(floor !== undefined && { required: floor }) };
    if (floor === undefined || speed >= floor) return line("nic", { ...base, state: "ok", detail: phrase("selfcheck.detail.nic", { speed }) });
    return line("nic", {
      ...base,
      state: "warn",
      detail: phrase("selfcheck.detail.nic_slow", { speed, floor }),
      hint: phrase("selfcheck.hint.nic"),
      owner: phrase("owner.commune"),
    });
  }
  function neighboursLine(count: number | undefined): CheckResult {
    if (count === undefined) return line("neighbours", { state: "unknown", detail: phrase("selfcheck.detail.not_told") });
    // Even the router is a neighbour: who sees nobody has not proven that nobody is there.
    if (count === 0)
      return line("neighbours", {
        state: "unknown",
        measured: count,
        detail: phrase("selfcheck.detail.neighbours_none"),
        hint: phrase("selfcheck.hint.neighbours_none"),
        owner: phrase("owner.commune"),
      });
    return line("neighbours", { state: "ok", measured: count, detail: phrase("selfcheck.detail.neighbours", { count }) });
  }
}

/** Of what lies behind a way out that ends earlier: nobody further out is to be called before that is mended. */
const firstAbove = { hint: phrase("selfcheck.hint.first_above"), owner: phrase("owner.commune") } as const;

const notTested = { state: "not_tested", detail: phrase("selfcheck.offline") } as const;

function floorOf(policy: PolicyProfile): FloorRule | undefined {
  return policy.requirements.map(({ rule }) => rule).find((rule): rule is FloorRule => rule.kind === "floor" && rule.probe === "link-bandwidth");
}

/** Packets to each hop; Windows sends one a second. With either number one lost packet alone warns of nothing. */
const PACKETS = 10;
const PACKETS_QUICK = 5;

async function checkQuality({ run, collectorUrl, policy, quick }: Surroundings): Promise<CheckResult[]> {
  const base = { id: "wan.quality", group: "wan", title: qualityTitle("gateway") } as const;
  if (run === undefined) return [{ ...base, ...notTested }];
  const collector = collectorUrl === undefined ? undefined : endOf(collectorUrl);
  const asked = collector === undefined ? [] : [{ hop: "collector", address: collector.host, tcpPort: collector.port }];
  const references = policy.portals.slice(0, 8).map(({ url }) => endOf(url));
  const outcome = await run("link-quality", { hops: asked, isp: true, references, count: quick ? PACKETS_QUICK : PACKETS });
  if (outcome.kind === "failed" && outcome.reason === "no_route")
    return [{ ...base, ...unasked({ ...outcome, detail: undefined }), hint: phrase("selfcheck.hint.gateway"), owner: phrase("owner.commune") }];
  if (outcome.kind !== "measured") return [{ ...base, ...unasked(outcome) }];
  const hops = [...new Set(outcome.readings.flatMap(({ labels }) => (labels?.hop === undefined ? [] : [labels.hop])))];
  const path = pathLine(outcome);
  return [path, ...hops.map((name) => qualityLine(name, outcome, path))];
}

/** A hop by the name by which people know it. */
function qualityTitle(hop: string): Phrase {
  const key = `selfcheck.hop.${hop}`;
  return phrase("selfcheck.title.quality", { hop: isTextKey(key) ? phrase(key) : hop });
}

/** Where the way out ends, if it does. */
function pathLine({ readings }: Extract<Outcome, { kind: "measured" }>): CheckResult {
  const base = { id: "wan.path", group: "wan", title: phrase("selfcheck.title.path") } as const;
  const upOf = (segment: Segment) => readingOf(readings, "segment_up", { segment });
  const broken = segments.find((segment) => upOf(segment) === 0);
  if (broken !== undefined) {
    const owner = segmentOwners[broken];
    const hint = phrase(`selfcheck.hint.path.${owner}`);
    return {
      ...base,
      state: "fail",
      detail: phrase("selfcheck.detail.path_broken", { segment: phrase(`segment.${broken}`) }),
      hint,
      owner: phrase(`owner.${owner}`),
    };
  }
  const isWhole = segments.some((segment) => segment !== "lan" && upOf(segment) === 1);
  return isWhole
    ? { ...base, state: "ok", detail: phrase("selfcheck.detail.path_whole") }
    : { ...base, state: "unknown", detail: phrase("selfcheck.detail.path_unknown") };
}

/** A silent hop is judged by the way as a whole: where that carries the hop merely answers no tests, where it ends the path's own line says what to do. */
function qualityLine(hop: string, { readings }: Extract<Outcome, { kind: "measured" }>, path: CheckResult): CheckResult {
  const value = (metric: Parameters<typeof readingOf>[1]) => readingOf(readings, metric, { hop });
  const base = { id: `wan.quality.${hop}`, group: "wan", title: qualityTitle(hop) } as const;
  const isInside = hop === "gateway";
  const blame = {
    hint: phrase(isInside ? "selfcheck.hint.quality_gateway" : "selfcheck.hint.quality_line"),
    owner: phrase(isInside ? "owner.commune" : "owner.isp"),
  };
  if (value("hop_up") !== 1) {
    if (path.state === "ok") return { ...base, state: "not_applicable", detail: phrase("selfcheck.detail.hop_mute") };
    const end = path.owner === undefined ? blame : { owner: path.owner };
    return { ...base, state: isInside ? "unknown" : "warn", detail: phrase("selfcheck.detail.hop_silent"), ...end };
  }
  const loss = value("loss_percent") ?? 0;
  const detail = phrase("selfcheck.detail.quality", { loss, rtt: value("rtt_avg_ms") ?? "-", jitter: value("jitter_ms") ?? "-" });
  return loss > LOSS_WARN_PERCENT
    ? { ...base, state: "warn", measured: loss, unit: "%", detail, ...blame }
    : { ...base, state: "ok", measured: loss, unit: "%", detail };
}

async function checkCollector({ run, collectorUrl, ca }: Surroundings): Promise<CheckResult[]> {
  const base = { id: "wan.collector", group: "wan", title: phrase("selfcheck.title.collector") } as const;
  if (collectorUrl === undefined) return [{ ...base, state: "not_applicable", detail: phrase("selfcheck.detail.no_collector") }];
  if (run === undefined) return [{ ...base, ...notTested }];
  const outcome = await run("portal-http", { url: new URL("/health/live", collectorUrl).href, timeoutMs: 8_000, ...(ca !== undefined && { ca }) });
  const blame = { hint: phrase("selfcheck.hint.collector"), owner: phrase("owner.province-it") };
  return [{ ...base, ...ladder(outcome, blame) }];
}

/** A fault is told of up to the end of a window; until the next window has been judged and its word has come here, it lasts. */
const NEXT_WORD_MS = 5 * 60_000;

async function checkPortals({ run, policy, status, nowMs }: Surroundings): Promise<CheckResult[]> {
  const faults = sharedFaultsOf(status).filter(({ fromMs, toMs }) => fromMs <= nowMs && nowMs < toMs + NEXT_WORD_MS);
  const visits = await Promise.all(
    policy.portals.map(async ({ id, name, url, expectText }) => {
      const base = { id: `wan.portal.${id}`, group: "wan", title: name } as const;
      if (run === undefined) return { line: { ...base, ...notTested }, isSilent: false, isShared: false };
      const isShared = faults.some(({ target }) => target === id);
      const blame = { hint: phrase("selfcheck.hint.portal"), owner: phrase("owner.portal-vendor") };
      const outcome = await run("portal-http", { url, portal: id, timeoutMs: 8_000, ...(expectText !== undefined && { expectText }) });
      const nameless = { ...base, state: "fail", detail: phrase("selfcheck.detail.portal_down", { why: phrase("selfcheck.portal.dns") }), ...blame } as const;
      return { outcome, line: { ...base, ...ladder(outcome, blame) }, nameless, isSilent: isSilent(outcome), isShared };
    }),
  );
  // Where one portal's name has an address the resolver is well, and another's that has none is that portal's own fault.
  const isResolving = visits.some(({ outcome }) => outcome?.kind === "measured" && readingOf(outcome.readings, "portal_dns_ms") !== undefined);
  // Portals of different operators do not fall silent together: then it is the line, or this PC's way to it. What fails everywhere is neither.
  const isLine = visits.length >= 2 && visits.every(({ isSilent }) => isSilent);
  const ofLine = isLine && { hint: phrase("selfcheck.hint.all_portals"), owner: phrase("owner.isp") };
  const ofAll = { hint: phrase("selfcheck.hint.shared_fault"), owner: phrase("owner.province-it") };
  return visits.map(({ outcome, line: own, nameless = own, isShared }): CheckResult => {
    const line = isResolving && isNameless(outcome) ? nameless : own;
    return line.state === "fail" ? { ...line, ...(isShared ? ofAll : ofLine) } : line;
  });
}

/** The visit ended at the portal's name, and whose fault that is was not seen from it alone. */
function isNameless(outcome: Outcome | undefined): boolean {
  return outcome?.kind === "failed" && outcome.reason === "dns" && outcome.evidence?.failedPhase === "dns";
}

/** Nobody answered at all; an error status, another page and a certificate that has expired come from the portal. */
function isSilent(outcome: Outcome): boolean {
  if (outcome.kind !== "measured" || outcome.evidence?.certificateProblem !== undefined) return false;
  return readingOf(outcome.readings, "portal_up") === 0 && readingOf(outcome.readings, "portal_status") === undefined;
}

/** One visit step by step: name, connection, TLS, first byte. */
function ladder(outcome: Outcome, blame: Pick<CheckResult, "hint" | "owner">): CheckLine {
  if (outcome.kind === "failed" && ownReasons.has(outcome.reason)) return { ...unasked({ ...outcome, detail: undefined }), ...firstAbove };
  if (outcome.kind !== "measured") return unasked(outcome, blame);
  const value = (metric: Parameters<typeof readingOf>[1]) => outcome.readings.find((reading) => reading.metric === metric)?.value ?? "-";
  if (value("portal_up") !== 1) {
    if (outcome.evidence?.expectedTextFound === false)
      return {
        ...blame,
        state: "fail",
        detail: phrase("selfcheck.detail.other_page", { status: String(value("portal_status")) }),
        hint: phrase("selfcheck.hint.other_page"),
      };
    return { state: "fail", detail: phrase("selfcheck.detail.portal_down", { why: whyDown(outcome) }), ...blame, ...technical([faultOf(outcome.evidence)]) };
  }
  const ttfb = value("portal_ttfb_ms");
  const detail = phrase("selfcheck.detail.ladder", {
    dns: value("portal_dns_ms"),
    tcp: value("portal_tcp_ms"),
    tls: value("portal_tls_ms"),
    ttfb,
    status: String(value("portal_status")),
  });
  return { state: "ok", ...(typeof ttfb === "number" && { measured: ttfb, unit: "ms" }), detail };
}

/** Where a visit ended, in words for people; the code of the fault stands behind the line. */
function whyDown({ readings, evidence = {} }: Extract<Outcome, { kind: "measured" }>): Phrase {
  const status = readingOf(readings, "portal_status");
  const key = `selfcheck.portal.${evidence.failedPhase}`;
  if (isTextKey(key)) return phrase(key);
  if (evidence.certificateProblem !== undefined) return phrase("selfcheck.portal.certificate");
  return status !== undefined && status >= 500 ? phrase("selfcheck.portal.status", { status: String(status) }) : phrase("selfcheck.portal.loop");
}

function faultOf({ failedPhase, error, certificateProblem }: Evidence = {}): string {
  return [failedPhase, error, certificateProblem].filter((word) => typeof word === "string").join(" ");
}

/** The newest speed test, or with `--full` one made now. Whether the plan is met is for the plan's own line to say. */
async function checkThroughput({ testSpeed, config, policy, spool, ca, nowMs }: Surroundings): Promise<CheckResult[]> {
  const rule = floorOf(policy);
  const base = {
    id: "wan.throughput",
    group: "wan",
    title: phrase("selfcheck.title.throughput"),
    unit: "Mbps",
    ...(rule !== undefined && { required: rule.floor }),
  } as const;
  const hasServer = (config?.measureServers.length ?? 0) > 0;
  const options = { ...(rule !== undefined && floorOptions(rule)), ...(ca !== undefined && { ca }) };
  const now = testSpeed !== undefined && hasServer ? await testSpeed(options) : undefined;
  const runs = spool?.recent("link-bandwidth", 20) ?? [];
  const kept = runs.find(({ outcome }) => outcome.kind === "measured") ?? runs[0];
  const isLeftOut = now?.kind === "skipped" && kept?.outcome.kind === "measured";
  if (now !== undefined && !isLeftOut) return [{ ...base, ...throughputLine(now, rule) }];
  const hint = phrase("selfcheck.hint.throughput_none");
  if (kept === undefined) return [{ ...base, state: "unknown", detail: phrase("selfcheck.detail.throughput_none"), hint }];
  const countsMs = countsForMs(policy, { probe: "link-bandwidth", everyS: BANDWIDTH_EVERY_S });
  const line = keptLine(throughputLine(kept.outcome, rule), kept.takenAt, { countsMs, nowMs, hint });
  if (!isLeftOut) return [{ ...base, ...line }];
  // Asked for a new test and given none: the one that the agent made still tells of the line.
  const said = { said: line.detail ?? { vi: "-", en: "-" }, reason: reasonPhrase(now.reason) };
  return [{ ...base, ...line, detail: phrase("selfcheck.detail.throughput_kept", said) }];
}

/** One speed test. The plan's rule says which of the rates have to reach its floor; an excused one is held against nothing. */
function throughputLine(outcome: Outcome, rule: FloorRule | undefined): CheckLine {
  if (outcome.kind !== "measured") return unasked(outcome);
  const value = (metric: MetricName) => outcome.readings.find((reading) => reading.metric === metric)?.value;
  const [down, up] = [value("download_mbps"), value("upload_mbps")];
  const numbers = { down: down ?? "-", up: up ?? "-" };
  const measured = down === undefined ? {} : { measured: down };
  if (outcome.excuse !== undefined)
    return { ...measured, state: "unknown", detail: phrase("selfcheck.detail.throughput_excused", { ...numbers, excuse: reasonPhrase(outcome.excuse) }) };
  const line = { ...measured, detail: phrase("selfcheck.detail.throughput", numbers) };
  const rates = rule?.metrics.map(value) ?? [down];
  if (rule !== undefined && rates.some((rate) => rate !== undefined && rate < rule.floor))
    return { ...line, state: "warn", hint: phrase("selfcheck.hint.throughput"), owner: phrase("owner.isp") };
  return { ...line, state: rates.includes(undefined) ? "unknown" : "ok" };
}
