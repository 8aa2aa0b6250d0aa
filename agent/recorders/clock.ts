/** Judgement of a device's clock (pure). Times are ms since the epoch by our clock, which its owner must have proved. */

export type ClockSample = {
  /** What the device says is UTC; undefined when it keeps silent. */
  readonly utcMs: number | undefined;
  /** Its local wall time read as if it were UTC. */
  readonly wallMs: number | undefined;
  readonly zone: string | undefined;
  readonly sentMs: number;
  readonly receivedMs: number;
};

export type ClockVerdict = "ok" | "warn" | "wrong" | "zone_mislabelled" | "unknown";
export type ClockSource = "utc" | "wall" | "none";
export type ClockJudgement = { readonly verdict: ClockVerdict; readonly skewS: number | undefined; readonly source: ClockSource };

export type ClockPolicy = {
  readonly warnSeconds: number;
  readonly failSeconds: number;
  /** How far the place is ahead of UTC, minutes. */
  readonly zoneMinutes: number;
};

/**
 * Median skew of some samples and what it means. Skew = device UTC - middle of the exchange.
 * A skew of the whole zone means that local time is sent as UTC: the picture's clock may be right all the same.
 * Without UTC the wall time counts against the zone of the place; without both the clock is unknown, never "now".
 */
export function judgeClock(samples: readonly ClockSample[], policy: ClockPolicy): ClockJudgement {
  const zoneS = policy.zoneMinutes * 60;
  const skewsUtc = samples.flatMap(({ utcMs, sentMs, receivedMs }) => (utcMs === undefined ? [] : [(utcMs - (sentMs + receivedMs) / 2) / 1000]));
  const skewsWall = samples.flatMap(({ wallMs, zone, sentMs, receivedMs }) =>
    wallMs === undefined ? [] : [(wallMs - (posixOffsetMs(zone) ?? zoneS * 1000) - (sentMs + receivedMs) / 2) / 1000],
  );
  const source: ClockSource = skewsUtc.length > 0 ? "utc" : skewsWall.length > 0 ? "wall" : "none";
  const skewS = median(source === "utc" ? skewsUtc : skewsWall);
  if (skewS === undefined) return { verdict: "unknown", skewS, source };
  // Our own midpoint has a resolution of a second or so; +25,200 s is UTC+7 sent as UTC.
  if (source === "utc" && zoneS !== 0 && Math.abs(skewS - zoneS) <= policy.failSeconds) {
    const wall = median(skewsWall);
    return { verdict: wall === undefined || Math.abs(wall) <= policy.failSeconds ? "zone_mislabelled" : "wrong", skewS, source };
  }
  const off = Math.abs(skewS);
  const verdict = off <= policy.warnSeconds ? "ok" : off <= policy.failSeconds ? "warn" : "wrong";
  return { verdict, skewS, source };
}

/**
 * Offset of a POSIX zone text, ms ahead of UTC. Its sign is inverted: "CST-7:00:00" is UTC+7. Undefined for other texts,
 * such as names of places, which need a database that we do not ask.
 */
export function posixOffsetMs(zone: string | undefined): number | undefined {
  const match = zone?.match(/^(?:[A-Za-z]{3,8}|<[\w+-]{1,10}>)([+-]?)(\d{1,2})(?::(\d{2}))?(?::(\d{2}))?/);
  if (!match) return undefined;
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = match;
  const total = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return sign === "-" ? total : -total;
}

/** Whether times of a device with such a clock may be kept as history. */
export function isTimeTrusted(verdict: ClockVerdict): boolean {
  return verdict === "ok" || verdict === "warn" || verdict === "zone_mislabelled";
}

function median(values: readonly number[]): number | undefined {
  const ordered = values.toSorted((a, b) => a - b);
  return ordered[Math.floor((ordered.length - 1) / 2)];
}
