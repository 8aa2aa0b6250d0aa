import { createHash } from "node:crypto";
import type { LanHttp } from "../io/lan-http.ts";

/** How many answers a device gave in a visit, and one hash over all of them in their order. */
export type HeardAnswers = { readonly count: number; readonly bytes: number; readonly sha256: string };

/**
 * A client that also hashes each answer's body as it came: two copies of a visit can be compared later, and nothing of it is kept.
 * The hash is SHA-256 over the SHA-256 of each body.
 */
export function hearing(lanHttp: LanHttp): { readonly lanHttp: LanHttp; readonly heard: () => HeardAnswers } {
  const all = createHash("sha256");
  let [count, bytes] = [0, 0];
  return {
    lanHttp: async (request) => {
      const reply = await lanHttp(request);
      all.update(createHash("sha256").update(reply.body).digest());
      count += 1;
      bytes += Buffer.byteLength(reply.body);
      return reply;
    },
    heard: () => ({ count, bytes, sha256: all.copy().digest("hex") }),
  };
}
