import { readFileSync } from "node:fs";
import { type TextKey, text } from "#schemas/text/text.ts";
import { UsageError } from "./terminal.ts";

/** What a system or its SQLite says, and what that means for whoever typed the command. */
const faults: ReadonlyMap<unknown, TextKey> = new Map<unknown, TextKey>([
  ["EACCES", "agent.file.closed"],
  ["EPERM", "agent.file.closed"],
  ["EROFS", "agent.file.closed"],
  ["ENOENT", "agent.file.missing"],
  ["ENOSPC", "agent.file.disk_full"],
  ["EDQUOT", "agent.file.disk_full"],
  // SQLITE_READONLY, SQLITE_FULL, SQLITE_CANTOPEN
  [8, "agent.file.closed"],
  [13, "agent.file.disk_full"],
  [14, "agent.file.closed"],
]);

/** What keeps a folder from being made beside the faults above: a file stands in its way, or its place takes no new names, such as /proc. */
const noFolderCodes: ReadonlySet<unknown> = new Set(["ENOENT", "ENOTDIR", "EEXIST"]);

/** The text of a file. Throws UsageError that names it, and why it cannot be read. */
export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw fileFault(error, file) ?? error;
  }
}

/** What the system or SQLite said of a file, for a person; undefined for what is no fault of a file. `place` is named where the system names no file. */
export function fileFault(error: unknown, place?: string): UsageError | undefined {
  if (!(error instanceof Error && "code" in error && ("syscall" in error || "errcode" in error))) return undefined;
  const path = "path" in error && typeof error.path === "string" ? error.path : place;
  // The upper bits hold SQLite's extended code.
  const code = "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : error.code;
  const isNoFolder = "syscall" in error && error.syscall === "mkdir" && noFolderCodes.has(code);
  const key = isNoFolder ? "agent.file.no_folder" : (faults.get(code) ?? "agent.file.unread");
  return path === undefined ? undefined : new UsageError((lang) => text(lang, key, { path, error: String(code) }));
}
