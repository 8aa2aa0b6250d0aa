import { runCommand } from "./commands/program.ts";
import { forbidCoreFile } from "./no-core-file.ts";
import { confirm, readSecret } from "./secret-input.ts";
import type { Terminal } from "./terminal.ts";

/** What still holds the process open this long after a command has ended is not worth waiting for, ms. */
const LINGER_MS = 500;

function terminalOfProcess(stop: AbortSignal): Terminal {
  const isTty = process.stdout.isTTY === true;
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    readSecret: (prompt) => readSecret(process.stdin, process.stderr, prompt),
    confirm: (question) => (process.stdin.isTTY && isTty ? confirm(process.stdin, process.stderr, question) : Promise.resolve(true)),
    colour: isTty && !process.env.NO_COLOR && process.env.TERM !== "dumb",
    animates: process.stderr.isTTY === true && process.env.TERM !== "dumb",
    // Windows' old console and the console of Linux draw boxes for them. Written, not run, on Windows.
    asciiOnly: isTty && (process.env.TERM === "linux" || (process.platform === "win32" && !process.env.WT_SESSION && !process.env.TERM_PROGRAM)),
    nodeVersion: process.versions.node,
    stop,
  };
}

forbidCoreFile(process.pid);
const stop = new AbortController();
// A terminal that is closed is SIGHUP; on Windows its Ctrl+Break is SIGBREAK. Written, not run, on Windows, where Node gives a closed console some seconds.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"] as const) process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
// A reader that went away (`| head`) is no fault of ours.
process.stdout.on("error", () => {});

process.exitCode = await runCommand(process.argv.slice(2), process.env, terminalOfProcess(stop.signal));
setTimeout(() => process.exit(), LINGER_MS).unref();
