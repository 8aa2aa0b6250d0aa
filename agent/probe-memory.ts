import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "./atomic-file.ts";
import type { ProbeMemory } from "./probe.ts";

const Values = z.record(z.string().max(256), z.json());
const BYTES_MAX = 256 * 1024;

export type KeptMemory = ProbeMemory & { readonly save: () => void };

/** What the runs of one assignment remember, kept in one file; a damaged or oversized one is forgotten. */
export function openMemory(dataDir: string, assignment: string, warn: (message: string) => void): KeptMemory {
  const file = join(dataDir, "memory", `${assignment}.json`);
  const values = new Map<string, unknown>(Object.entries(readValues(file)));
  let changed = false;
  return {
    get: (key) => values.get(key),
    set: (key, value) => {
      values.set(key, value);
      changed = true;
    },
    save: () => {
      if (!changed) return;
      const text = JSON.stringify(Object.fromEntries(values));
      if (Buffer.byteLength(text) > BYTES_MAX) return warn(`the memory of ${assignment} is larger than ${BYTES_MAX} bytes and is not kept`);
      writeFileAtomic(file, text, 0o600);
      changed = false;
    },
  };
}

function readValues(file: string): z.infer<typeof Values> {
  try {
    return Values.safeParse(JSON.parse(readFileSync(file, "utf8"))).data ?? {};
  } catch {
    return {};
  }
}
