/** Seeded damage for fuzzing. The same seed gives the same damage. */
export type Random = () => number;

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const poison = [
  "\u0000",
  "\u202e",
  "<",
  ">",
  "&",
  "]]>",
  "<!DOCTYPE x>",
  "9".repeat(40),
  "-1",
  "NaN",
  "Z",
  "=",
  "%00",
  "\r\n",
  "<a>".repeat(80),
  "x".repeat(5_000),
  "9999-12-31T23:59:59Z",
  "0001-01-01T00:00:00Z",
  "275760-09-13T00:00:00Z",
];

/** Damages a text once or a few times: cuts, repeats, swaps, replaces or poisons a part of it. */
export function mutate(text: string, random: Random): string {
  let damaged = text;
  const times = 1 + Math.floor(random() * 3);
  for (let time = 0; time < times; time++) {
    const at = Math.floor(random() * (damaged.length + 1));
    const to = Math.min(damaged.length, at + Math.floor(random() * random() * 400));
    const [before, part, after] = [damaged.slice(0, at), damaged.slice(at, to), damaged.slice(to)];
    const word = poison[Math.floor(random() * poison.length)] ?? "";
    const ways = [
      () => before,
      () => before + after,
      () => before + part + part + part + after,
      () => before + word + after,
      () => before + part + word + after,
      () => damaged.replace(/\d+/g, (digits) => (random() < 0.05 ? String(Math.floor(random() * 1e16)) : digits)),
      () => damaged.replace(/\d/g, (digit) => (random() < 0.02 ? String(Math.floor(random() * 10)) : digit)),
      () => damaged.replace(/true|false/g, (value) => (random() < 0.3 ? "maybe" : value)),
      () => before + [...part].toReversed().join("") + after,
      () => "",
    ];
    damaged = (ways[Math.floor(random() * ways.length)] ?? ways[0])?.() ?? "";
  }
  return damaged;
}
