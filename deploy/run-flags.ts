import { readFileSync } from "node:fs";

/** Flags of Node.js that one of our programs is started with: what stands between `node` and the program in its script of package.json. */
export function runFlags(room: "agent" | "collector"): string[] {
  const { scripts } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { scripts: Record<string, string> };
  const words = (scripts[room] ?? "").split(" ");
  const end = words.indexOf(`${room}/main.ts`);
  if (words[0] !== "node" || end < 1) throw new Error(`package.json: the script "${room}" must be "node ... ${room}/main.ts"`);
  return words.slice(1, end);
}
