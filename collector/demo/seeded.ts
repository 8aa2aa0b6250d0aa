/** A part of what a drawn number depends on. */
export type Key = string | number;

/** A number in [0, 1) that depends on its keys alone: equal keys, equal number. FNV-1a over the keys, then a 32-bit finaliser. */
export function draw(...keys: readonly Key[]): number {
  let hash = 0x811c9dc5;
  for (const key of keys) {
    const text = typeof key === "string" ? key : String(key);
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ 0x1f, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** A number in [low, high) from the keys. */
export function between(low: number, high: number, ...keys: readonly Key[]): number {
  return low + (high - low) * draw(...keys);
}

/** A whole number from low to high, both included. */
export function whole(low: number, high: number, ...keys: readonly Key[]): number {
  return Math.floor(between(low, high + 1, ...keys));
}

/** True with probability `share`. */
export function chance(share: number, ...keys: readonly Key[]): boolean {
  return draw(...keys) < share;
}

/** One of the list. */
export function pick<T>(list: readonly [T, ...T[]], ...keys: readonly Key[]): T {
  return list[Math.floor(draw(...keys) * list.length)] ?? list[0];
}

/** A factor around 1: the sum of three draws, so that far values are rare. `spread` is the largest deviation. */
export function wobble(spread: number, ...keys: readonly Key[]): number {
  const sum = draw("a", ...keys) + draw("b", ...keys) + draw("c", ...keys);
  return 1 + spread * ((sum * 2) / 3 - 1);
}

/** Rounds to `digits` decimals, as a device would report. */
export function rounded(value: number, digits = 1): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
