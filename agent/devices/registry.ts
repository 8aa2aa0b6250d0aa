import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Definition } from "./definition.ts";

/** The folder of definitions. It is read at run time: a new file in it is a new device, without touching code. */
export const definitionsFolder = join(import.meta.dirname, "definitions");
const FILE_BYTES_MAX = 256 * 1024;

let known: readonly Definition[] | undefined;

/** All definitions, in the order in which they are tried. Read once per process. @throws Error that names the file and field at fault */
export function definitions(): readonly Definition[] {
  known ??= readDefinitions(definitionsFolder);
  return known;
}

/** Reads every `<id>.json` of a folder. */
export function readDefinitions(folder: string): readonly Definition[] {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort();
  return files.map((name) => readDefinition(join(folder, name), name.slice(0, -".json".length))).sort((a, b) => a.priority - b.priority);
}

function readDefinition(path: string, id: string): Definition {
  const text = readFileSync(path, "utf8");
  if (text.length > FILE_BYTES_MAX) throw new Error(`${path}: larger than ${FILE_BYTES_MAX} bytes`);
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path}: no valid JSON`, { cause });
  }
  const definition = Definition.safeParse(raw);
  if (!definition.success) {
    const [issue] = definition.error.issues;
    throw new Error(`${path}: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  if (definition.data.id !== id) throw new Error(`${path}: id: must be the file's name, "${id}"`);
  return definition.data;
}
