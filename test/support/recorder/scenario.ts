/** What a mock recorder pretends to be. Times are true UTC in ms; labels are made when it speaks. */

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
export const VIETNAM_MS = 7 * HOUR_MS;

export type Interval = { readonly startMs: number; readonly endMs: number };

export type ScenarioChannel = {
  /** True UTC, merged and in order. */
  readonly recorded: readonly Interval[];
  readonly mode: "continuous" | "event";
  readonly capDays?: number;
  /** Describes its live stream but sends no picture. */
  readonly dead?: boolean;
  /** What hangs on this place of a recorder that tells it; a networked camera when absent. */
  readonly input?: "analogue" | "no_signal" | "switched_off" | "unset" | undefined;
};

/** Where the networked camera on a place of the recorder is, counted from 0. */
export function cameraAddress(index: number): string {
  return `10.9.0.${index + 1}`;
}

/** `plain`: challenges in their simplest form, for clients that read no other. */
export type Login = {
  readonly kind: "none" | "digest-md5" | "digest-sha256" | "ws-token";
  readonly user: string;
  readonly password: string;
  readonly plain?: boolean;
};

export type ScenarioDisk = { readonly status: string; readonly totalBytes: number; readonly freeBytes: number; readonly installedMs?: number };

export type Scenario = {
  readonly nowMs: () => number;
  readonly channels: readonly ScenarioChannel[];
  readonly clock: {
    /** The device's clock is ahead by this. */
    readonly skewMs: number;
    /** Sends local time as if it were UTC, where the protocol has UTC. */
    readonly localAsUtc: boolean;
    readonly tellsUtc: boolean;
    readonly tellsLocal: boolean;
  };
  readonly login: Login;
  readonly serial: string;
  readonly firmware: string;
  readonly disks: readonly ScenarioDisk[];
  /** Parts of ONVIF that the device lacks. */
  readonly lacks: ReadonlySet<"summary" | "find-recordings" | "find-events" | "replay" | "recordings" | "media-attributes" | "isapi-search">;
  /** Claims this as its oldest recording whatever it holds. */
  readonly claimedOldestMs?: number;
  /** Percent of the disk that belongs to pictures. */
  readonly pictureQuotaPercent?: number;
  /** Most results of one page. */
  readonly pageResults: number;
  /** A search is forgotten after so many pages. */
  readonly pagesOfToken: number;
  /** Misbehaviour of the answer to a search for recordings. */
  readonly searchFault?: "drip" | "truncate" | "huge" | "busy";
  /** Has no playback session free. */
  readonly playbackBusy: boolean;
  /** Playback finds nothing although the lists claim it. */
  readonly playbackEmpty: boolean;
  /** Playback has pictures of all the time, whatever the lists say. */
  readonly playbackIgnoresGaps?: boolean;
  /** Address of the VMS that it is registered at, and whether it is pulled. */
  readonly vms?: { readonly host: string; readonly registered: boolean; readonly pulling: boolean };
};

/** A recorder of two channels with 45 days of everything, UTC, and nothing wrong. */
export function healthy(nowMs: () => number, over: Partial<Scenario> = {}): Scenario {
  const recorded = [{ startMs: nowMs() - 45 * DAY_MS, endMs: nowMs() }];
  return {
    nowMs,
    channels: [
      { recorded, mode: "continuous" },
      { recorded, mode: "continuous" },
    ],
    clock: { skewMs: 0, localAsUtc: false, tellsUtc: true, tellsLocal: true },
    login: { kind: "digest-md5", user: "viewer", password: "p@ss word" },
    serial: "00123456789012345678",
    firmware: "5.10",
    disks: [{ status: "ok", totalBytes: 2e12, freeBytes: 0 }],
    lacks: new Set(),
    pageResults: 1000,
    pagesOfToken: 10_000,
    playbackBusy: false,
    playbackEmpty: false,
    ...over,
  };
}

/** The same recorder while time passes: each look at its clock takes half a second, and what was recording at the beginning goes on. */
export function passing(scenario: Scenario): Scenario {
  const beganMs = scenario.nowMs();
  let nowMs = beganMs;
  return growing({ ...scenario, nowMs: () => (nowMs += 500) }, beganMs, () => nowMs);
}

/** The same recorder whose recordings that reach `beganMs` go on until now. */
export function growing(scenario: Scenario, beganMs: number, nowMs: () => number): Scenario {
  const channels = () =>
    scenario.channels.map((channel) => ({
      ...channel,
      recorded: channel.recorded.map(({ startMs, endMs }) => ({ startMs, endMs: endMs >= beganMs ? nowMs() : endMs })),
    }));
  return Object.defineProperty({ ...scenario }, "channels", { get: channels });
}

/** The same recorded time on each of `count` channels. */
export function sameOnAll(count: number, recorded: readonly Interval[], over: Partial<ScenarioChannel> = {}): ScenarioChannel[] {
  return Array.from({ length: count }, () => ({ recorded, mode: "continuous" as const, ...over }));
}

/** What is left of recorded time when a span is taken out. */
export function without(recorded: readonly Interval[], hole: Interval): Interval[] {
  return recorded.flatMap(({ startMs, endMs }) =>
    [
      { startMs, endMs: Math.min(endMs, hole.startMs) },
      { startMs: Math.max(startMs, hole.endMs), endMs },
    ].filter((part) => part.startMs < part.endMs),
  );
}

/** How a scenario writes an instant in ONVIF and ISAPI. */
export function labelMs(scenario: Scenario, utcMs: number): number {
  return utcMs + scenario.clock.skewMs + (scenario.clock.localAsUtc ? VIETNAM_MS : 0);
}

/** How a scenario writes an instant as wall time. */
export function wallMs(scenario: Scenario, utcMs: number): number {
  return utcMs + scenario.clock.skewMs + VIETNAM_MS;
}

/** 2026-11-28T10:00:00Z */
export function stamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Recorded time cut into files of an hour, as vendors keep it, within a span. */
export function filesOf(recorded: readonly Interval[], fromMs: number, toMs: number): Interval[] {
  return recorded.flatMap(({ startMs, endMs }) => {
    const files: Interval[] = [];
    for (let atMs = startMs; atMs < endMs; ) {
      const untilMs = Math.min(endMs, Math.floor(atMs / HOUR_MS) * HOUR_MS + HOUR_MS);
      if (untilMs > fromMs && atMs < toMs) files.push({ startMs: atMs, endMs: untilMs });
      atMs = untilMs;
    }
    return files;
  });
}
