import { labelNames, metricNames } from "#schemas/metrics.ts";

/** Names of option fields whose values are secrets, at any depth. */
const secretFields = new Set(["password", "community", "key", "apiKey", "token", "secret"]);
/** Factory communities are no secrets, and blanking the word "public" would spoil ordinary sentences. */
const knownToAll = new Set(["public", "private"]);
/** Fields that hold words of our own contract: a community called "printer" must not spoil `printer_working`. */
const contractFields = new Set(["kind", "metric", "method", "reason", "role", "excuse"]);
/** Names of fields that are never blanked, for the same reason. */
const contractNames = new Set<string>([
  "kind",
  "readings",
  "metric",
  "value",
  "labels",
  "evidence",
  "detail",
  "reason",
  "excuse",
  ...labelNames,
  ...metricNames,
]);
const DEPTH_MAX = 16;
const SHORTEST = 4;
const REDACTED = "[redacted]";
/** Shorter ones in base64 would be found in ordinary words. */
const SHORTEST_BASE64 = 8;

/** All secret values inside probe options, as they are and as percent-encoding and base64 carry them, longest first. */
export function secretsIn(options: unknown): readonly string[] {
  const found = new Set<string>();
  collect(options, found, 0);
  return [...new Set([...found].flatMap(formsOf))].sort((a, b) => b.length - a.length);
}

/** Base64 of "user:password" depends on where the password begins: three alignments, without the letters at both ends that others share. */
function formsOf(secret: string): string[] {
  const forms = [secret, encodeURIComponent(secret.toWellFormed())];
  if (secret.length < SHORTEST_BASE64) return forms;
  const aligned = [0, 1, 2].map((before) =>
    Buffer.from(`${" ".repeat(before)}${secret}`)
      .toString("base64")
      .replaceAll("=", "")
      .slice(before === 0 ? 0 : before + 1, -1),
  );
  return [...forms, ...aligned];
}

function collect(value: unknown, found: Set<string>, depth: number): void {
  if (value === null || typeof value !== "object" || depth > DEPTH_MAX) return;
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner !== "string") collect(inner, found, depth + 1);
    else if (secretFields.has(name) && inner.length >= SHORTEST && !knownToAll.has(inner)) found.add(inner);
  }
}

/** A copy of plain JSON data in which no string holds one of the secrets. */
export function redact<T>(data: T, secrets: readonly string[]): T {
  if (secrets.length === 0) return data;
  return walk(data, (text) => redactText(text, secrets)) as T;
}

/** The text with each form of a secret replaced by `[redacted]`, also one that was cut off at the text's end. */
export function redactText(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, REDACTED);
  for (const secret of secrets) {
    const kept = cutLength(clean, secret);
    if (kept > 0) clean = clean.slice(0, -kept) + REDACTED;
  }
  return clean;
}

/** How much of a secret's beginning ends the text: at least half of it, less says little. */
function cutLength(text: string, secret: string): number {
  for (let length = secret.length - 1; length >= Math.max(SHORTEST, secret.length / 2); length--) if (text.endsWith(secret.slice(0, length))) return length;
  return 0;
}

function walk(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((inner) => walk(inner, change));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [contractNames.has(name) ? name : change(name), contractFields.has(name) ? inner : walk(inner, change)]),
  );
}
