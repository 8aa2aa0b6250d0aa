import { execFile } from "node:child_process";

/** Most bytes of a program's answer that are read. */
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;
const TIMEOUT_MS = 15_000;
// An absolute path: a search would begin in the working directory.
const powershellPath = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";

/** Runs a program of the operating system without a shell and gives its stdout. @throws when it is missing, fails, says too much, takes > 15 s or is aborted */
export function runProgram(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { signal, timeout: TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX, windowsHide: true, encoding: "utf8" }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
    // Whoever reads its input first, as PowerShell may, would wait for an end that never comes.
    child.stdin?.end();
  });
}

/** Runs one fixed PowerShell pipeline and parses what it prints as JSON; one row or many come back as a list. Values never go into `pipeline` by string building. */
export async function powershellRows(pipeline: string, signal: AbortSignal): Promise<unknown[]> {
  const script = `$ErrorActionPreference='Stop';[Console]::OutputEncoding=[Text.Encoding]::UTF8;@(${pipeline})|ConvertTo-Json -Compress -Depth 3`;
  const text = await runProgram(powershellPath, ["-NoProfile", "-NonInteractive", "-Command", script], signal);
  return parseRows(text);
}

/** Parses JSON that holds a list or one row, behind a mark of UTF-8 or not; an empty answer is an empty list. @throws SyntaxError */
export function parseRows(text: string): unknown[] {
  const json = text.trim();
  if (json === "") return [];
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) ? value : [value];
}
