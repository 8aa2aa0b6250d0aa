import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { Credentials } from "../credentials.ts";
import { exitCodes, type Terminal } from "../terminal.ts";

/** Reads the secret from the terminal or standard input; one newline at its end is not part of it. */
export async function addCredential(name: string, credentials: Credentials, terminal: Terminal, lang: Lang): Promise<number> {
  const secret = await terminal.readSecret(text(lang, "agent.creds.prompt", { name }));
  credentials.add(name, secret.replace(/\r?\n$/, ""));
  terminal.err(`${text(lang, "agent.creds.added", { name })}\n`);
  return exitCodes.ok;
}

export function listCredentials(credentials: Credentials, terminal: Terminal): number {
  for (const name of credentials.list()) terminal.out(`${name}\n`);
  return exitCodes.ok;
}

export function removeCredential(name: string, credentials: Credentials, terminal: Terminal, lang: Lang): number {
  const removed = credentials.remove(name);
  terminal.err(`${text(lang, removed ? "agent.creds.removed" : "agent.creds.none", { name })}\n`);
  return removed ? exitCodes.ok : exitCodes.warning;
}
