import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { boardFiles } from "./boards.ts";

// npm run dashboards: writes dashboards/generated anew. The files are checked in; a test compares them with their sources.
const folder = join(dirname(fileURLToPath(import.meta.url)), "generated");
const files = boardFiles();
for (const { path, text } of files) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
const kept = new Set(files.map(({ path }) => path));
for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
  if (entry.endsWith(".json") && !kept.has(entry.replaceAll("\\", "/"))) rmSync(join(folder, entry));
}
process.stdout.write(`${files.length} files written to ${folder}\n`);
