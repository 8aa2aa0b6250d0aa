import { createHash } from "node:crypto";
import type { Dossier } from "./dossier.ts";

/** The dossier as the one text that its hash is taken of: the same in each format and language. */
export function dossierText(dossier: Dossier): string {
  return JSON.stringify(dossier);
}

/** SHA-256 of the dossier's text, lower-case hex: stands at the foot of each format. */
export function sealOf(dossier: Dossier): string {
  return sealOfText(dossierText(dossier));
}

/** SHA-256 of a text, lower-case hex. */
export function sealOfText(words: string): string {
  return createHash("sha256").update(words).digest("hex");
}
