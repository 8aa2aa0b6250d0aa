import { X509Certificate } from "node:crypto";
import { text } from "#schemas/text/text.ts";
import { readText } from "../file-fault.ts";
import { UsageError } from "../terminal.ts";

/** The PEM text of the collector's private certificate authority, if one is set. Throws UsageError when it cannot be read or is none. */
export function readCa(caFile: string | undefined): string | undefined {
  if (caFile === undefined) return undefined;
  const pem = readText(caFile);
  // TLS passes over what it does not understand, and then says that nobody vouches for the collector.
  if (!isPem(pem)) throw new UsageError((lang) => text(lang, "agent.ca.no_pem", { file: caFile }));
  return pem;
}

function isPem(content: string): boolean {
  try {
    return content.includes("-----BEGIN CERTIFICATE-----") && new X509Certificate(content).subject !== undefined;
  } catch {
    return false;
  }
}
