import { readFile } from "node:fs/promises";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { UsageError } from "./terminal.ts";

/** The bytes of a file that the command line names. @throws UsageError that names it and what to look at */
export function readNamed(file: string, lang: Lang): Promise<Buffer> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(text(lang, "collector.fault.file", { file, error: error.code ?? error.message }));
  });
}
