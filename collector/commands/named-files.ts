import { readFile, writeFile } from "node:fs/promises";
import type { z } from "zod";
import { fieldFaults } from "#schemas/text/field-faults.ts";
import { jsonPlace } from "#schemas/text/json-place.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { UsageError } from "./terminal.ts";

/** The bytes of a file that the command line names. @throws UsageError that names it and what to look at */
export function readNamed(lang: Lang, file: string): Promise<Buffer> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(text(lang, "collector.fault.file", { file, error: wordOf(error) }));
  });
}

/** The JSON that a file holds; a byte order mark before it is passed over. @throws UsageError that names the file */
export function jsonOf(lang: Lang, file: string, body: string): unknown {
  try {
    return JSON.parse(body.replace(/^\ufeff/, ""));
  } catch (error) {
    throw new UsageError(text(lang, "collector.fault.json", { file, place: jsonPlace(lang, error) }));
  }
}

/** The JSON that a file holds, as the type that it must have. `what` says what the file should be. @throws UsageError that names the file and each field at fault */
export async function readShaped<Shape extends z.ZodRawShape>(
  lang: Lang,
  file: string,
  type: z.ZodObject<Shape>,
  what?: string,
): Promise<z.output<z.ZodObject<Shape>>> {
  return shaped(lang, file, type, jsonOf(lang, file, (await readNamed(lang, file)).toString("utf8")), what);
}

/** The same of what was read already. */
export function shaped<Shape extends z.ZodRawShape>(
  lang: Lang,
  file: string,
  type: z.ZodObject<Shape>,
  raw: unknown,
  what?: string,
): z.output<z.ZodObject<Shape>> {
  const read = type.safeParse(raw);
  if (read.success) return read.data;
  throw new UsageError([...(what === undefined ? [] : [what]), fieldFaults(lang, read.error, file, Object.keys(type.shape))].join("\n"));
}

/** Writes a file that the command line names. @throws UsageError that names it */
export async function writeNamed(lang: Lang, file: string, bytes: Buffer): Promise<void> {
  await writeFile(file, bytes).catch((error: NodeJS.ErrnoException) => unwritten(lang, file, error));
}

/** Writes a file that must not exist, for its owner alone. @throws UsageError that names it */
export async function writeNew(lang: Lang, file: string, body: string): Promise<void> {
  await writeFile(file, body, { flag: "wx", mode: 0o600 }).catch((error: NodeJS.ErrnoException) => unwritten(lang, file, error));
}

function unwritten(lang: Lang, file: string, error: NodeJS.ErrnoException): never {
  const key = error.code === "EEXIST" ? "collector.file.exists" : "collector.file.unwritten";
  throw new UsageError(text(lang, key, { file, error: wordOf(error) }));
}

const wordOf = ({ code, message }: NodeJS.ErrnoException) => code ?? message;
