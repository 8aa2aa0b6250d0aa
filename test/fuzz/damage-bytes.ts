import type { Random } from "../support/recorder/mutate.ts";

/** Lengths and tags that binary formats stumble over. */
const nasty = [0x00, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff];

/** Damages bytes once or a few times: flips, cuts, repeats, or puts a nasty byte in place of another. The same numbers give the same damage. */
export function damageBytes(bytes: Buffer, random: Random): Buffer {
  let damaged = Buffer.from(bytes);
  for (let time = 1 + Math.floor(random() * 4); time > 0; time--) {
    const at = Math.floor(random() * Math.max(1, damaged.length));
    const way = Math.floor(random() * 5);
    if (way === 0) damaged = damaged.subarray(0, at);
    else if (way === 1) damaged = Buffer.concat([damaged.subarray(0, at), damaged.subarray(Math.max(0, at - 8), at), damaged.subarray(at)]);
    else if (way === 2) damaged = Buffer.concat([damaged.subarray(0, at), damaged.subarray(at + 1 + Math.floor(random() * 8))]);
    else if (at < damaged.length)
      damaged[at] = way === 3 ? (damaged[at] ?? 0) ^ (1 << Math.floor(random() * 8)) : (nasty[Math.floor(random() * nasty.length)] ?? 0);
  }
  return damaged;
}
