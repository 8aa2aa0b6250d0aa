import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "./atomic-file.ts";
import type { ProbeLog, ProbeMemory } from "./probe.ts";

const Values = z.record(z.string().max(256), z.json());
const BYTES_MAX = 256 * 1024;

/** `save` never throws: what cannot be written stays in memory and is written after a later run. */
export type KeptMemory = ProbeMemory & { readonly save: () => void };

/** What the runs of one assignment remember, kept in one file; a damaged or oversized one is forgotten, and `warn` hears what could not be kept. */
export function openMemory(dataDir: string, assignment: string, warn: ProbeLog): KeptMemory {
  const file = join(memoryFolder(dataDir), `${assignment}.json`);
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
      try {
        writeFileAtomic(file, text, 0o600);
        changed = false;
      } catch (error) {
        warn("what a probe remembers cannot be written and is lost when the agent ends: make room on the disk, let the agent write this file", {
          file,
          error: String(error),
        });
      }
    },
  };
}

/** Forgets what all runs remember: it is of devices and of a line that this PC does not see any more. */
export function forgetMemories(dataDir: string): void {
  rmSync(memoryFolder(dataDir), { recursive: true, force: true });
}

function memoryFolder(dataDir: string): string {
  return join(dataDir, "memory");
}

function readValues(file: string): z.infer<typeof Values> {
  try {
    return Values.safeParse(JSON.parse(readFileSync(file, "utf8"))).data ?? {};
  } catch {
    return {};
  }
}
