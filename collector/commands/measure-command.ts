import { once } from "node:events";
import { Command } from "commander";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { ConfigError } from "../config.ts";
import { addressFault } from "../listen.ts";
import { SECRET_LENGTH_MIN } from "../measure/lease-token.ts";
import { startMeasureServer } from "../measure/measure-server.ts";
import { readTlsFiles, type TlsPair } from "../tls-files.ts";
import { readNamed } from "./named-files.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

type Options = { host: string; port: number; secretFile: string; id?: string; tlsKey?: string; tlsCert?: string; rateMax?: number; withParent?: true };

/** `measure`: the speed test alone, on any machine; it needs the secret with which the collector signs leases, and no database. */
export function measureCommand({ lang, terminal }: CommandContext): Command {
  return new Command("measure")
    .description(text(lang, "collector.measure.about"))
    .requiredOption("--secret-file <file>", text(lang, "collector.measure.secret_file"))
    .option("--port <number>", text(lang, "collector.measure.port"), (given) => portOf(lang, given), 8891)
    .option("--host <address>", text(lang, "collector.measure.host"), "127.0.0.1")
    .option("--id <code>", text(lang, "collector.measure.id"))
    .option("--tls-key <file>", text(lang, "collector.measure.tls_key"))
    .option("--tls-cert <file>", text(lang, "collector.measure.tls_cert"))
    .option("--rate-max <mbps>", text(lang, "collector.measure.rate_max"), (given) => mbpsOf(lang, given))
    .option("--with-parent", text(lang, "collector.measure.with_parent"))
    .action(async ({ host, port, secretFile, id, tlsKey, tlsCert, rateMax, withParent }: Options) => {
      if ((tlsKey === undefined) !== (tlsCert === undefined)) {
        const missing = tlsKey === undefined ? "--tls-key" : "--tls-cert";
        throw new UsageError(text(lang, "collector.measure.tls_pair", { missing }));
      }
      const secret = (await readNamed(lang, secretFile)).toString("utf8").trim();
      if (secret.length < SECRET_LENGTH_MIN) throw new UsageError(text(lang, "collector.measure.short_secret", { file: secretFile, min: SECRET_LENGTH_MIN }));
      const tls = tlsKey && tlsCert ? await tlsOf(lang, tlsCert, tlsKey) : undefined;
      const server = await startMeasureServer({
        host,
        port,
        secret,
        ...(id && { id }),
        ...(tls && { tls }),
        ...(rateMax !== undefined && { rateMaxMbps: rateMax }),
      }).catch((error: NodeJS.ErrnoException) => {
        const fault = addressFault(error, { port, host });
        throw fault === undefined ? error : new UsageError(text(lang, "collector.measure.address", { fault: fault(lang) }));
      });
      terminal.out(server.url);
      await Promise.race([once(terminal.stop, "abort"), ...(withParent ? [once(terminal.stdin.resume(), "end")] : [])]);
      // An open input would keep this process, and with it the parent that waits for it, alive.
      terminal.stdin.destroy();
      await server.close();
    });
}

/** What the command line names is a fault of the command line. */
function tlsOf(lang: Lang, certFile: string, keyFile: string): Promise<TlsPair> {
  return readTlsFiles({ setting: "--tls-cert", file: certFile }, { setting: "--tls-key", file: keyFile }).catch((error: unknown) => {
    throw error instanceof ConfigError ? new UsageError(error.say(lang)) : error;
  });
}

function portOf(lang: Lang, given: string): number {
  const port = Number(given);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageError(text(lang, "collector.measure.bad_port", { given }));
  return port;
}

function mbpsOf(lang: Lang, given: string): number {
  const mbps = Number(given);
  if (!(mbps >= 1 && mbps <= 100_000)) throw new UsageError(text(lang, "collector.measure.bad_rate", { given }));
  return mbps;
}
