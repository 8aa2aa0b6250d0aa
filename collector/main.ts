import { runCommand } from "./commands/program.ts";
import { readConfig, readLang } from "./config.ts";
import { forbidCoreFile } from "./no-core-file.ts";
import { storeFault } from "./store/store-fault.ts";
import { ToldError } from "./told-error.ts";

forbidCoreFile(process.pid);
const lang = readLang();
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop.abort());
// A reader that went away (`| head`) is no fault of ours.
process.stdout.on("error", () => {});

try {
  process.exitCode = await runCommand(process.argv.slice(2), {
    config: readConfig,
    lang,
    terminal: {
      out: (line) => void process.stdout.write(`${line}\n`),
      err: (line) => void process.stderr.write(`${line}\n`),
      rewrite: process.stdout.isTTY ? (line) => void process.stdout.write(`\r\u001b[2K${line}`) : undefined,
      node: process.execPath,
      stdin: process.stdin,
      stop: stop.signal,
    },
  });
} catch (error) {
  const told = error instanceof ToldError ? error : storeFault(error);
  if (told === undefined) throw error;
  process.stderr.write(`${told.say(lang)}\n`);
  process.exitCode = 1;
}
