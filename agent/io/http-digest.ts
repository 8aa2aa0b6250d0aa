import { createHash, randomBytes } from "node:crypto";

/** A Digest challenge of RFC 7616 (or RFC 2069, then without qop), reduced to what an answer needs. */
export type DigestChallenge = {
  readonly algorithm: "MD5" | "SHA-256";
  readonly session: boolean;
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  readonly qop: "auth" | undefined;
};

/** Longest header that is taken for a challenge, characters. */
const CHALLENGE_MAX = 4096;

/**
 * Reads the strongest Digest challenge (SHA-256 before MD5) out of `WWW-Authenticate` headers.
 * One header may hold several challenges; qop may be a list such as "auth, auth-int". Undefined when none is usable.
 */
export function readDigestChallenge(headers: readonly string[]): DigestChallenge | undefined {
  const found = headers.flatMap((header) => splitChallenges(header.slice(0, CHALLENGE_MAX))).flatMap((one) => toChallenge(one) ?? []);
  return found.find(({ algorithm }) => algorithm === "SHA-256") ?? found[0];
}

type RawChallenge = { scheme: string; params: Map<string, string> };

/** Cuts "Digest a=1, b="x, y", Basic realm=z" into its challenges, quoted commas and all. */
function splitChallenges(header: string): RawChallenge[] {
  const challenges: RawChallenge[] = [];
  const token = /[\s,]*(?:([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))|([\w-]+)(?=\s|$|,))/gy;
  for (let match = token.exec(header); match?.[0]; match = token.exec(header)) {
    const [, name, quoted, plain, scheme] = match;
    if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), params: new Map() });
    else challenges.at(-1)?.params.set((name ?? "").toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "");
  }
  return challenges;
}

function toChallenge({ scheme, params }: RawChallenge): DigestChallenge | undefined {
  const nonce = params.get("nonce");
  if (scheme !== "digest" || !nonce) return undefined;
  const named = (params.get("algorithm") ?? "MD5").toUpperCase();
  const session = named.endsWith("-SESS");
  const algorithm = session ? named.slice(0, -5) : named;
  if (algorithm !== "MD5" && algorithm !== "SHA-256") return undefined;
  const qops = params
    .get("qop")
    ?.split(",")
    .map((word) => word.trim().toLowerCase());
  if (qops !== undefined && qops[0] !== "" && !qops.includes("auth")) return undefined;
  return {
    algorithm,
    session,
    realm: params.get("realm") ?? "",
    nonce,
    opaque: params.get("opaque"),
    qop: qops?.includes("auth") ? "auth" : undefined,
  };
}

export type DigestAnswer = {
  readonly challenge: DigestChallenge;
  readonly user: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  /** How often this nonce was used, from 1. */
  readonly count: number;
  /** Drawn afresh when absent; given by tests only. */
  readonly cnonce?: string;
};

/** The value of the `Authorization` header that answers a challenge (RFC 7616 §3.4). */
export function digestAuthorization({ challenge, user, password, method, uri, count, cnonce = randomBytes(12).toString("hex") }: DigestAnswer): string {
  const { algorithm, session, realm, nonce, opaque, qop } = challenge;
  const hash = (text: string) =>
    createHash(algorithm === "MD5" ? "md5" : "sha256")
      .update(text)
      .digest("hex");
  const secret = hash(`${user}:${realm}:${password}`);
  const ha1 = session ? hash(`${secret}:${nonce}:${cnonce}`) : secret;
  const ha2 = hash(`${method}:${uri}`);
  const nc = count.toString(16).padStart(8, "0");
  const response = qop ? hash(`${ha1}:${nonce}:${nc}:${cnonce}:${qop}:${ha2}`) : hash(`${ha1}:${nonce}:${ha2}`);
  const fields = [
    `username=${quote(user)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(uri)}`,
    `algorithm=${algorithm}${session ? "-sess" : ""}`,
    `response="${response}"`,
    ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
    ...(qop || session ? [`cnonce="${cnonce}"`] : []),
    ...(qop ? [`qop=${qop}`, `nc=${nc}`] : []),
  ];
  return `Digest ${fields.join(", ")}`;
}

// A line break out of a hostile challenge must not become a header of ours.
function quote(text: string): string {
  return `"${text.replace(/[\r\n]/g, "").replace(/["\\]/g, "\\$&")}"`;
}
