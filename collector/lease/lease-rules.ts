/** A span of the Vietnam day in minutes after midnight; `to` lies after `from`. */
export type SlotWindow = { readonly fromMinute: number; readonly toMinute: number };

/** A measure server as leases see it. */
export type LeaseServer = { readonly id: string; readonly url: string; readonly uplinkMbps: number };

/** How tests are spread. Nothing here is a threshold of the plan: it protects servers and lines from our own tests. */
export type LeaseRules = {
  /** One test of each site per window and day, at the site's own phase of the window. */
  readonly windows: readonly SlotWindow[];
  /** Rate that one test may need of the server's uplink: decides how many run at once. */
  readonly testMbps: number;
  /** Share of a server that one provider's sites may take at once: their common peering must not be the bottleneck. */
  readonly ispShare: number;
  /** A site that was not tested for this long goes first. */
  readonly gapMaxMs: number;
  /** A lease that is not handed back ends by itself after this. */
  readonly holdMs: number;
  /** Data of one site and month. */
  readonly monthBytesMax: number;
  /** What a test may use, what it usually uses, and the least with which it still answers: a second of 200 Mbps each way behind slow start. Both directions together. */
  readonly testBytes: { readonly max: number; readonly usual: number; readonly min: number };
  /** Longest time of one direction, with plenty of data left and with little. */
  readonly capMs: { readonly full: number; readonly short: number };
  readonly fullLength: FullLengthRules;
};

/** Tests that carry so long that a bucket of fast first seconds runs empty. */
export type FullLengthRules = {
  /** A pass ends no direction with a floor before this, and nothing goes on for longer than the cap. */
  readonly passMs: number;
  readonly capMs: number;
  readonly holdMs: number;
  /** As `testBytes`; with less than `min` a line of 200 Mbps does not come to the end. */
  readonly bytes: { readonly max: number; readonly usual: number; readonly min: number };
  /** One in this time, at the site's own phase of it. */
  readonly everyMs: number;
  /** Not while the counters are open and made ready. */
  readonly busyHours: SlotWindow;
  /** A PC that is never on outside of them is tested within them after this. */
  readonly patienceMs: number;
  /** Between tests that the agent asks for once data is short. No two in a row then fall on the same server: turns of servers go by windows and days. */
  readonly sparseMs: number;
};

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Two tests a day: one in office hours, one in the evening, when lines are congested for another reason. */
export const defaultLeaseRules: LeaseRules = {
  windows: [
    { fromMinute: 8 * 60, toMinute: 16 * 60 + 30 },
    { fromMinute: 18 * 60, toMinute: 23 * 60 },
  ],
  testMbps: 250,
  ispShare: 0.75,
  gapMaxMs: 36 * HOUR_MS,
  holdMs: 20_000,
  monthBytesMax: 6e9,
  testBytes: { max: 400e6, usual: 80e6, min: 60e6 },
  capMs: { full: 4_000, short: 2_000 },
  fullLength: {
    passMs: 8_000,
    capMs: 10_000,
    holdMs: 32_000,
    bytes: { max: 600e6, usual: 250e6, min: 300e6 },
    everyMs: 7 * DAY_MS,
    busyHours: { fromMinute: 7 * 60 + 30, toMinute: 17 * 60 },
    patienceMs: 2 * DAY_MS,
    sparseMs: 2 * DAY_MS + 3 * HOUR_MS,
  },
};

/** How many tests one server carries at once: 4 at 1 Gbps, 40 at 10 Gbps. */
export function atOnce({ uplinkMbps }: LeaseServer, { testMbps }: LeaseRules): number {
  return Math.max(1, Math.floor(uplinkMbps / testMbps));
}

/** How many of them may come from one provider. */
export function atOncePerIsp(server: LeaseServer, rules: LeaseRules): number {
  return Math.max(1, Math.floor(atOnce(server, rules) * rules.ispShare));
}
