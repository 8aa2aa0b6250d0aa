import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { TableRefused } from "../inventory/table-refused.ts";
import { UsageError } from "./terminal.ts";

const FAULTS_SHOWN = 50;

/** Does something with a table that was handed in; one that is refused is a wrong command line, with all that is wrong in the file. */
export async function orRefused<T>(lang: Lang, file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof TableRefused ? new UsageError(refusal(lang, file, error.faults)) : error;
  }
}

function refusal(lang: Lang, file: string, faults: readonly string[]): string {
  const more = faults.length - FAULTS_SHOWN;
  return [
    text(lang, "inventory.refused", { file, count: faults.length }),
    ...faults.slice(0, FAULTS_SHOWN),
    ...(more > 0 ? [text(lang, "inventory.more", { count: more })] : []),
  ].join("\n");
}
