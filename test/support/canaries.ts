import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, inflateRawSync } from "node:zlib";

/** A secret that was found where it must not be. */
export type CanaryHit = { readonly secret: string; readonly place: string };

/**
 * Secrets that stand nowhere else in the world, and the search for them: as they are, and as base64, hex, percent-encoding and UTF-16 would carry them.
 * gzip and zip are opened first.
 */
export class Canaries {
  readonly #secrets = new Map<string, string>();

  /** A new secret; letters, digits and hyphens alone, so that every place takes it. */
  plant(name: string): string {
    const secret = `cnry-${randomBytes(12).toString("hex")}`;
    this.#secrets.set(name, secret);
    return secret;
  }

  /** A secret that the program has made itself. */
  know(name: string, secret: string): string {
    if (secret.length < 12) throw new Error(`${name} is too short to be told from chance`);
    this.#secrets.set(name, secret);
    return secret;
  }

  get names(): readonly string[] {
    return [...this.#secrets.keys()];
  }

  /** What of the secrets stands in the bytes of a place. `atHome`: secrets whose own place this is. */
  in(place: string, bytes: Buffer | string, atHome: readonly string[] = []): CanaryHit[] {
    const texts = unpacked(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes)).map((part) => part.toString("latin1"));
    return [...this.#secrets].flatMap(([name, secret]) =>
      !atHome.includes(name) && formsOf(secret).some((form) => texts.some((text) => text.includes(form))) ? [{ secret: name, place }] : [],
    );
  }

  /** The same for every file below a folder. `homes`: the end of a file's name, and the secrets that may lie there. */
  inFolder(folder: string, homes: Readonly<Record<string, readonly string[]>> = {}): CanaryHit[] {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile());
    return files.flatMap((name) => {
      const home = Object.entries(homes).find(([end]) => name.endsWith(end))?.[1];
      return this.in(name, readFileSync(join(folder, name)), home);
    });
  }
}

/** A secret as transports and files write it. Base64 depends on what stands before it: three alignments, without the letters that others share. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .replaceAll("=", "")
      .slice(Math.ceil((shift * 8) / 6), -1),
  );
  const urlSafe = base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  return [secret, encodeURIComponent(secret), ...base64, ...urlSafe, bytes.toString("hex"), Buffer.from(secret, "utf16le").toString("latin1")];
}

/** The bytes themselves, and what is packed in them: gzip, or the entries of a zip. */
function unpacked(bytes: Buffer): readonly Buffer[] {
  if (bytes.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]))) return [bytes, gunzipSync(bytes)];
  return bytes.subarray(0, 4).equals(Buffer.from("PK\u0003\u0004", "latin1")) ? [bytes, ...zipEntries(bytes)] : [bytes];
}

function zipEntries(archive: Buffer): readonly Buffer[] {
  const entries: Buffer[] = [];
  // The directory at the end knows the sizes; an entry's own head need not.
  for (let at = archive.indexOf("PK\u0001\u0002", 0, "latin1"); at >= 0; at = archive.indexOf("PK\u0001\u0002", at + 4, "latin1")) {
    const [method, size, head] = [archive.readUInt16LE(at + 10), archive.readUInt32LE(at + 20), archive.readUInt32LE(at + 42)];
    const start = head + 30 + archive.readUInt16LE(head + 26) + archive.readUInt16LE(head + 28);
    const data = archive.subarray(start, start + size);
    entries.push(method === 8 ? inflateRawSync(data) : data);
  }
  return entries;
}
