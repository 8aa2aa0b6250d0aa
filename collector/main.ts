import { runCommand } from "./commands/program.ts";
import { ConfigError, readConfig, readLang } from "./config.ts";
import { forbidCoreFile } from "./no-core-file.ts";
import { StoreError } from "./store/store-error.ts";

forbidCoreFile(process.pid);
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop.abort());
// A reader that went away (`| head`) is no fault of ours.
process.stdout.on("error", () => {});

try {
  process.exitCode = await runCommand(process.argv.slice(2), {
    config: readConfig,
    lang: readLang(),
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
  if (!(error instanceof ConfigError || error instanceof StoreError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
