import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** Version of this program, from package.json beside the agent's folder. */
export const version = z
  .object({ version: z.string().max(32) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8"))).version;
