/** Names of option fields whose values are secrets, at any depth. */
const secretFields = new Set(["password", "community", "key", "apiKey", "token", "secret"]);
/** Names of option fields by which a device is called: readings and evidence carry their values, and whoever sees a device sees them. */
const namingFields = new Set(["id", "name", "address"]);
/** Factory communities are no secrets, and blanking the word "public" would spoil ordinary sentences. */
const knownToAll = new Set(["public", "private"]);
/** Fields that hold words of our own contract: a community called "printer" must not spoil `printer_working`, nor a password "onvif2024" the protocol. */
const contractFields = new Set([
  ...["kind", "metric", "method", "reason", "role", "excuse"],
  // Of the evidence of recordings, which the judge refuses whole for one word that it does not know.
  ...["basis", "clock", "clockSource", "frameTime", "notes", "outlook", "protocol", "purpose", "reasons", "ring", "sha256", "unverified", "verdict"],
]);
/** How names of fields look that are ours. A map's keys may be what a device said. */
const ownName = /^[a-z][A-Za-z_]*$/;
/** A date or an instant, whole: a password "2026" is found in all of them. */
const moment = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?$/;
const DEPTH_MAX = 16;
const SHORTEST = 4;
const REDACTED = "[redacted]";
/** Shorter ones in base64 would be found in ordinary words. */
const SHORTEST_BASE64 = 8;

/** What must not be said: `forms` of secrets, as they are and as percent-encoding and base64 carry them, and the `names` of devices that hold one by chance. */
export type Secrets = { readonly forms: readonly string[]; readonly names: readonly string[] };

/** All secret values inside probe options. */
export function secretsIn(options: unknown): Secrets {
  const found = { secrets: new Set<string>(), names: new Set<string>() };
  collect(options, found, 0);
  const forms = longestFirst(new Set([...found.secrets].flatMap(formsOf)));
  // A device "camera-1" whose password is "camera": without its name nobody could tell whose reading it is.
  const names = longestFirst(found.names).filter((name) => blanked(name, forms) !== name);
  return { forms, names };
}

function longestFirst(texts: ReadonlySet<string>): string[] {
  return [...texts].sort((a, b) => b.length - a.length);
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

function collect(value: unknown, found: { secrets: Set<string>; names: Set<string> }, depth: number): void {
  if (value === null || typeof value !== "object" || depth > DEPTH_MAX) return;
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner !== "string") collect(inner, found, depth + 1);
    else if (namingFields.has(name)) found.names.add(inner);
    else if (secretFields.has(name) && inner.length >= SHORTEST && !knownToAll.has(inner)) found.secrets.add(inner);
  }
}

/** A copy of plain JSON data in which no string holds one of the secrets. */
export function redact<T>(data: T, secrets: Secrets): T {
  if (secrets.forms.length === 0) return data;
  return walk(data, (text) => redactText(text, secrets)) as T;
}

/** The text with each form of a secret replaced by `[redacted]`, also one that was cut off at the text's end. */
export function redactText(text: string, secrets: Secrets): string {
  const name = secrets.names.find((one) => text.includes(one));
  if (name === undefined) return blanked(text, secrets.forms);
  // What a name is only a part of goes first: taken apart at the name, another device's password would not be known again.
  const larger = secrets.forms.filter((form) => form !== name && form.includes(name));
  return blanked(text, larger, name)
    .split(name)
    .map((part) => redactText(part, secrets))
    .join(name);
}

/** A beginning of a secret that ends the text with `name`, or within it, is no cut secret: the name may end there. */
function blanked(text: string, forms: readonly string[], name?: string): string {
  let clean = text;
  for (const secret of forms) clean = clean.replaceAll(secret, REDACTED);
  for (const secret of forms) {
    const kept = cutLength(clean, secret);
    const isCut = kept > (name === undefined ? 0 : secret.indexOf(name) + name.length);
    if (isCut) clean = clean.slice(0, -kept) + REDACTED;
  }
  return clean;
}

/** How much of a secret's beginning ends the text: at least half of it, less says little. */
function cutLength(text: string, secret: string): number {
  for (let length = secret.length - 1; length >= Math.max(SHORTEST, secret.length / 2); length--) if (text.endsWith(secret.slice(0, length))) return length;
  return 0;
}

function walk(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return moment.test(value) ? value : change(value);
  if (Array.isArray(value)) return value.map((inner) => walk(inner, change));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => (contractFields.has(name) ? [name, inner] : [ownName.test(name) ? name : change(name), walk(inner, change)])),
  );
}
