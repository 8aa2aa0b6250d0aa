import { createHash, createHmac, randomBytes } from "node:crypto";
import { z } from "zod";
import { Code } from "#schemas/ids.ts";
import { Network } from "#schemas/target.ts";
import { discover } from "../../discover/discover.ts";
import { defineProbe, type ProbeMemory, ProbeSkip } from "../../probe.ts";
import { tell } from "./tell.ts";

const Options = z.strictObject({
  /** Networks to look at; nothing outside of them is asked or told. */
  networks: z.array(Network).max(16),
  /** What the centre declares, so that a PC that it owns is told from a citizen's. */
  targets: z
    .array(z.looseObject({ id: Code, address: z.union([z.ipv4(), z.ipv6()]) }))
    .max(512)
    .default([]),
});
type Options = z.infer<typeof Options>;

const RUN_MS_MAX = 240_000;
const SALT = "salt";

/** Which devices are on the LAN, whether declared or not: the second side of the asset ledger. */
export const deviceDiscovery = defineProbe<Options>({
  kind: "device-discovery",
  options: Options,
  deadlineMs: RUN_MS_MAX,
  async run({ networks, targets }, { signal, io, memory }) {
    if (networks.length === 0) throw new ProbeSkip("no_target", "this PC is in no private network that may be searched");
    const proposals = await discover({ io, signal, subnets: networks, seal: sealWith(saltOf(memory)) });
    return tell(proposals, { networks, targets });
  },
});

/** Drawn once and kept on this PC alone: without it nobody can try all MAC addresses until a hash fits. */
function saltOf(memory: ProbeMemory): string {
  const kept = z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .safeParse(memory.get(SALT)).data;
  if (kept !== undefined) return kept;
  const salt = randomBytes(32).toString("hex");
  memory.set(SALT, salt);
  return salt;
}

/** `hash <which salt> <hash>`: hashes of two salts are not to be compared, so each says whose it is. */
function sealWith(salt: string): (key: string) => string {
  const name = createHash("sha256").update(salt).digest("hex").slice(0, 8);
  return (key) => `hash ${name} ${createHmac("sha256", salt).update(key).digest("hex").slice(0, 24)}`;
}
