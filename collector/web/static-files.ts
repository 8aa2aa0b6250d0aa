import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const types = { "style.css": "text/css; charset=utf-8", "live.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml" } as const;
export type StaticName = keyof typeof types;

const files = new Map(
  Object.entries(types).map(([name, type]) => {
    const body = readFileSync(new URL(`./static/${name}`, import.meta.url), "utf8");
    return [name, { body, type, version: createHash("sha256").update(body).digest("hex").slice(0, 10) }] as const;
  }),
);

/** The address of a file of our own origin; it changes with the file, so that browsers may keep it for ever. */
export function staticPath(name: StaticName): string {
  return `/static/${name}?v=${files.get(name)?.version}`;
}

/** A static file by its name, or undefined. */
export function staticFile(name: string) {
  return files.get(name);
}
