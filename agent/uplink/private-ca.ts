import { readFileSync } from "node:fs";
import { UsageError } from "../terminal.ts";

/** The PEM text of the collector's private certificate authority, if one is set. Throws UsageError when it cannot be read. */
export function readCa(caFile: string | undefined): string | undefined {
  if (caFile === undefined) return undefined;
  try {
    return readFileSync(caFile, "utf8");
  } catch {
    throw new UsageError(`${caFile}: the certificate authority cannot be read`);
  }
}
