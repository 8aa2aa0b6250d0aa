import { promises } from "node:dns";

/** What name servers say of a name: `refused` is a word, too, but not about the name (SERVFAIL, REFUSED); `silent` is none. */
export type NameWord = "found" | "no_such_name" | "refused" | "silent";
/**
 * Asks this PC's name servers anew, past what the system remembers: the system's own resolver does not tell a broken name from a server that is silent, and on
 * Windows not even from a name that does not exist. Bounded by itself. Never rejects.
 */
export type AskNameServers = (name: string, signal: AbortSignal) => Promise<NameWord>;

const TIMEOUT_MS = 2_000;
const missing: ReadonlySet<unknown> = new Set(["ENOTFOUND", "ENODATA"]);
const silence: ReadonlySet<unknown> = new Set(["ETIMEOUT", "ECONNREFUSED", "ECANCELLED"]);

export const askNameServers: AskNameServers = async (name, signal) => {
  const resolver = new promises.Resolver({ timeout: TIMEOUT_MS, tries: 1 });
  const cancel = () => resolver.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  signal.removeEventListener("abort", cancel);
  return nameWordOf(answers.map((answer) => (answer.status === "fulfilled" ? undefined : (answer.reason as NodeJS.ErrnoException).code)));
};

/** Pure. One word of the codes of c-ares for both families, undefined where there was an address: the one that says most. */
export function nameWordOf(codes: readonly (string | undefined)[]): NameWord {
  if (codes.includes(undefined)) return "found";
  if (codes.every((code) => missing.has(code))) return "no_such_name";
  return codes.every((code) => silence.has(code)) ? "silent" : "refused";
}
