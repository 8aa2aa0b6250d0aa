import type { SilenceTrace } from "../../collector/alert/silence-cause.ts";
import { correctedMs } from "../../collector/ingest/correct-time.ts";
import { isWorkingDay, VIETNAM_OFFSET_MS, vietnamDay, vietnamDayStartMs, workingDaysBefore } from "../../schemas/calendar.ts";
import { needOf } from "../../schemas/evaluate/needs.ts";
import type { Facts, Presence, Run, SharedFault } from "../../schemas/facts.ts";
import { Centre } from "../../schemas/inventory.ts";
import type { ProbeKind, Reading } from "../../schemas/observation.ts";
import type { ReachableRule, Requirement } from "../../schemas/policy.ts";
import { calendar, DAY, HOUR, MINUTE, plan, requirement } from "../support/facts.ts";

/**
 * `power`: everything is dark; `agent`: the agent's PC alone is; `cut`: the line is, the PC measures on; `flaky`: one speed test of five is slow;
 * `slow-line`: all are; `slow-server`: those against the second server are; `portal`: the first portal answers 503; `camera`: one is dead;
 * `clock`: the PC's clock is three hours slow.
 */
export type Trouble = {
  readonly kind: "power" | "agent" | "cut" | "flaky" | "slow-line" | "slow-server" | "portal" | "camera" | "clock";
  /** Numbers of centres, from 1. */
  readonly sites: readonly number[];
  readonly fromMs: number;
  readonly toMs: number;
};

/** What is judged at each step while it lasts and a while after; the rest waits for the next morning. */
const touchedBy: Readonly<Record<Trouble["kind"], readonly string[]>> = {
  power: ["R03", "R16"],
  agent: ["R03", "R16"],
  cut: ["R03", "R16"],
  portal: ["R16"],
  camera: ["R03"],
  flaky: [],
  "slow-line": [],
  "slow-server": [],
  clock: ["R03", "R16"],
};

/** A power cut ends with PCs that were cut off; a PC that somebody switches on had been shut down; on a cut line the PC measures on. */
const traceOfKind: Partial<Record<Trouble["kind"], (trouble: Trouble) => SilenceTrace>> = {
  power: ({ toMs }) => ({ walks: new Map(), bootMs: toMs, endedWell: false }),
  agent: ({ toMs }) => ({ walks: new Map(), bootMs: toMs, endedWell: true }),
  cut: ({ fromMs, toMs }) => ({ walks: new Map([["line", Math.floor((toMs - fromMs) / MINUTE)]]), bootMs: fromMs - HOUR, endedWell: true }),
};

const STEP = 5 * MINUTE;
const CAMERAS = ["cam-1", "cam-2", "cam-3", "cam-4"];
const CLOCK_SLOW_MS = 3 * HOUR;
export const portals = plan.portals.map(({ id }) => id);
const portalRule = requirement("R16").rule as ReachableRule;
const portalWindowMs = (portalRule.sharedFaultWindowMinutes ?? 0) * MINUTE;
const portalCentresMin = portalRule.sharedFaultCentresMin ?? 0;
const portalOverPercent = portalRule.sharedFaultPercent ?? 100;

/** What agents of a province say, as it follows from the troubles: nothing of it is stored, so that two months cost no disk. */
export class World {
  readonly centres: readonly Centre[];
  readonly #troubles: readonly Trouble[];
  readonly #workingDays = new Map<number, boolean>();

  constructor(centres: number, troubles: readonly Trouble[]) {
    this.centres = Array.from({ length: centres }, (_, at) =>
      Centre.parse({ code: `xa-${at + 1}`, name: `Xã ${at + 1}`, officers: 2, district: areaOf(at + 1) }),
    );
    this.#troubles = troubles;
  }

  #has(kind: Trouble["kind"], site: number, atMs: number): boolean {
    return this.#troubles.some((one) => one.kind === kind && one.fromMs <= atMs && atMs < one.toMs && one.sites.includes(site));
  }

  /** The PC runs on working days from about 06:45 to 17:30; on Tết and weekends it is off. */
  isOn(site: number, atMs: number): boolean {
    const day = Math.floor((atMs + VIETNAM_OFFSET_MS) / DAY);
    const clockMs = atMs + VIETNAM_OFFSET_MS - day * DAY;
    if (clockMs < 6 * HOUR + (40 + (site % 20)) * MINUTE || clockMs >= 17.5 * HOUR || !this.#isWorkingDay(day)) return false;
    return !this.#has("power", site, atMs) && !this.#has("agent", site, atMs);
  }

  /** Asked millions of times: days are numbers here, and each is looked up once. */
  #isWorkingDay(day: number): boolean {
    const known = this.#workingDays.get(day);
    if (known !== undefined) return known;
    const isOne = isWorkingDay(calendar, vietnamDay(day * DAY - VIETNAM_OFFSET_MS));
    this.#workingDays.set(day, isOne);
    return isOne;
  }

  /** When the collector heard a centre last within this step. */
  lastWordMs(site: number, nowMs: number): number | undefined {
    return this.isOn(site, nowMs) && !this.#has("cut", site, nowMs) ? nowMs - (site % 60) * 1_000 : undefined;
  }

  /** What the agent of a centre tells of a silence that has just ended; undefined where it was a night or a weekend. */
  traceOf(site: number, nowMs: number): SilenceTrace | undefined {
    const over = this.#troubles.find(({ kind, sites, toMs }) => kind in traceOfKind && sites.includes(site) && toMs <= nowMs && nowMs < toMs + HOUR);
    return over && traceOfKind[over.kind]?.(over);
  }

  /** The requirements that something wrong touches at a centre now, or touched within three hours. */
  touched(site: number, nowMs: number): Set<string> {
    const near = this.#troubles.filter(({ sites, fromMs, toMs }) => fromMs <= nowMs && nowMs < toMs + 3 * HOUR && sites.includes(site));
    return new Set(near.flatMap(({ kind }) => touchedBy[kind]));
  }

  /** The newest answers of the province on one portal: see `targetShares` of the store. */
  portalShare(portal: string, nowMs: number): { asked: number; down: number } {
    const isWell = !this.#troubles.some(
      ({ kind, fromMs, toMs }) => (kind === "portal" || kind === "cut") && fromMs <= nowMs && nowMs < toMs + 2 * portalWindowMs,
    );
    if (isWell) return { asked: this.centres.filter((_, at) => this.isOn(at + 1, nowMs)).length, down: 0 };
    const answers = this.#portalAnswers(portal, nowMs - portalWindowMs, nowMs).map(([newest]) => newest);
    return { asked: answers.length, down: answers.filter(Boolean).length };
  }

  /** Windows in which so many centres failed that the fault is nobody's own: see `sharedFaultsWithin` of the store, which says it of stored runs. */
  sharedFaults(nowMs: number): SharedFault[] {
    const outages = this.#troubles.filter(({ kind, fromMs, toMs }) => kind === "portal" && fromMs <= nowMs && nowMs < toMs + DAY);
    return outages.flatMap(({ fromMs, toMs }) => {
      const firstMs = Math.floor(fromMs / portalWindowMs) * portalWindowMs;
      const starts = stepsWithin(firstMs - 1, Math.min(nowMs, toMs), portalWindowMs, 0);
      const isBad = (startMs: number) => this.#isWindowBad(portals[0] ?? "", startMs, nowMs);
      return starts
        .filter((startMs) => isBad(startMs) ?? isBad(startMs - portalWindowMs) ?? false)
        .map((startMs) => ({ target: portals[0] ?? "", fromMs: startMs, toMs: startMs + portalWindowMs }));
    });
  }

  #isWindowBad(portal: string, startMs: number, nowMs: number): boolean | undefined {
    const answers = this.#portalAnswers(portal, startMs - 1, Math.min(startMs + portalWindowMs - 1, nowMs));
    if (answers.length < portalCentresMin) return undefined;
    return (100 * answers.filter((downs) => downs.includes(true)).length) / answers.length > portalOverPercent;
  }

  /** Of each centre that asked a portal within (fromMs, toMs] and could tell: whether it was down, the newest first. */
  #portalAnswers(portal: string, fromMs: number, toMs: number): boolean[][] {
    return this.centres
      .map((_, at) => at + 1)
      .map((site) =>
        stepsWithin(fromMs, toMs, STEP, phaseOf(site))
          .reverse()
          .filter((atMs) => this.isOn(site, atMs) && !this.#has("cut", site, atMs))
          .map((atMs) => this.#isPortalDown(portal, site, atMs)),
      )
      .filter((downs) => downs.length > 0);
  }

  #isPortalDown(portal: string, site: number, atMs: number): boolean {
    return (portal === portals[0] && this.#has("portal", site, atMs)) || this.#has("cut", site, atMs);
  }

  /** All that the rules asked know of a centre at an instant. */
  facts(site: number, nowMs: number, lastContactMs: number, sharedFaults: readonly SharedFault[], asked: readonly Requirement[]): Facts {
    const probes = new Set(asked.map(({ rule }) => ("probe" in rule ? rule.probe : undefined)));
    return {
      centre: this.centres[site - 1] as Centre,
      calendar,
      runs: [
        ...(probes.has("portal-http") ? this.#portalRuns(site, nowMs) : []),
        ...(probes.has("camera-presence") ? this.#cameraRuns(site, nowMs) : []),
        ...(probes.has("link-bandwidth") ? this.#speedRuns(site, nowMs) : []),
      ],
      presence: probes.has("office-devices") ? this.#presence(site, nowMs) : [],
      newlyDeclared: [],
      found: [],
      peaks: [],
      pages: [],
      attestations: [],
      waivers: [],
      duties: [],
      firstContactMs: nowMs - 90 * DAY,
      lastContactMs,
      sharedFaults,
    };
  }

  #presence(site: number, nowMs: number): Presence[] {
    const days = workingDaysBefore(calendar, nowMs, 10).filter((day) => this.isOn(site, vietnamDayStartMs(day) + 10 * HOUR) && day <= vietnamDay(nowMs));
    return (["officer-pc", "printer", "scanner", "copier", "citizen-pc"] as const).flatMap((role) =>
      ["1", "2"].flatMap((number) => days.map((day) => ({ device: `${role}-${number}`, role, day }))),
    );
  }

  /** What arrived of a run by `nowMs`: nothing while the PC was off or while its line is cut; its time as the collector corrects it. */
  #run(site: number, probe: ProbeKind, atMs: number, nowMs: number, readings: Reading[], target?: string): Run[] {
    if (!this.isOn(site, atMs) || (this.#has("cut", site, nowMs) && this.#has("cut", site, atMs))) return [];
    const takenMs = this.#has("clock", site, atMs) ? correctedOfSlowClock(atMs, nowMs) : atMs;
    if (takenMs === undefined) return [];
    const ref = `${site.toString(16).padStart(16, "0")}:${Math.round(atMs / 1_000)}`;
    return [{ ref, probe, ...(target !== undefined && { target }), atMs: takenMs, outcome: { kind: "measured", readings } }];
  }

  #portalRuns(site: number, nowMs: number): Run[] {
    const spans = needOf(portalRule, calendar, nowMs)?.spans ?? [];
    return spans.flatMap(({ fromMs, toMs }) =>
      stepsWithin(fromMs, toMs, STEP, phaseOf(site)).flatMap((atMs) =>
        portals.flatMap((portal) => {
          const isDown = this.#isPortalDown(portal, site, atMs);
          const labels = { portal };
          const status: Reading[] = this.#has("cut", site, atMs) ? [] : [{ metric: "portal_status", value: isDown ? 503 : 200, labels }];
          return this.#run(site, "portal-http", atMs, nowMs, [{ metric: "portal_up", value: isDown ? 0 : 1, labels }, ...status], portal);
        }),
      ),
    );
  }

  #cameraRuns(site: number, nowMs: number): Run[] {
    const isDead = (camera: string, atMs: number) => camera === "cam-2" && this.#has("camera", site, atMs);
    return stepsWithin(nowMs - 2 * HOUR, nowMs, 30 * MINUTE, 0).flatMap((atMs) =>
      this.#run(
        site,
        "camera-presence",
        atMs,
        nowMs,
        CAMERAS.map((camera) => ({ metric: "camera_up", value: isDead(camera, atMs) ? 0 : 1, labels: { camera } })),
      ),
    );
  }

  /** One test of each server a working day. */
  #speedRuns(site: number, nowMs: number): Run[] {
    return workingDaysBefore(calendar, nowMs, 8).flatMap((day) =>
      (["s1", "s2"] as const).flatMap((server, at) => {
        const atMs = vietnamDayStartMs(day) + (8 + at * 6) * HOUR + (site % 60) * MINUTE;
        if (atMs > nowMs) return [];
        const isFifth = (Math.round(atMs / DAY) * 2 + at) % 5 === 0;
        const isSlow =
          this.#has("slow-line", site, atMs) || (isFifth && this.#has("flaky", site, atMs)) || (server === "s2" && this.#has("slow-server", site, atMs));
        return this.#run(site, "link-bandwidth", atMs, nowMs, [{ metric: "download_mbps", value: isSlow ? 110 : 260, labels: { server } }], server);
      }),
    );
  }
}

/** The time of a run as the collector has it from a PC whose clock is hours slow and knows that it cannot be trusted. */
function correctedOfSlowClock(atMs: number, nowMs: number): number | undefined {
  const sender = { wallMs: nowMs - CLOCK_SLOW_MS, bootId: "b", uptimeMs: nowMs - atMs + 1_000 };
  return correctedMs({ takenAt: new Date(atMs - CLOCK_SLOW_MS).toISOString(), uptimeMs: 1_000, bootId: "b", clock: "unknown" }, nowMs, sender);
}

/** Centres of a province by areas of twenty. */
export function areaOf(site: number): string {
  return `Khu vực ${Math.ceil(site / 20)}`;
}

/** Centres ask at different minutes, as agents do. */
function phaseOf(site: number): number {
  return (site % 5) * MINUTE;
}

/** Instants of a regular plan within (fromMs, toMs]. */
function stepsWithin(fromMs: number, toMs: number, everyMs: number, phaseMs: number): number[] {
  const first = Math.floor((fromMs - phaseMs) / everyMs) + 1;
  const last = Math.floor((toMs - phaseMs) / everyMs);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => (first + at) * everyMs + phaseMs);
}
