import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { Command, InvalidArgumentError } from "commander";
import { addressFault } from "../listen.ts";
import { startMeasureServer } from "../measure/measure-server.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

type Options = { host: string; port: number; secretFile: string; id?: string; tlsKey?: string; tlsCert?: string; rateMax?: number; withParent?: true };

/** `measure`: the speed test alone, on any machine; it needs the secret with which the collector signs leases, and no database. */
export function measureCommand({ terminal }: CommandContext): Command {
  return new Command("measure")
    .description("runs a speed-test server")
    .requiredOption("--secret-file <file>", "file with the secret that it shares with the collector")
    .option("--port <number>", "port to listen on", portOf, 8891)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--id <code>", "this server's code; leases of others are refused")
    .option("--tls-key <file>", "PEM file of the private key")
    .option("--tls-cert <file>", "PEM file of the certificate")
    .option("--rate-max <mbps>", "cap on what one agent moves; choose it well above the plan's floor", mbpsOf)
    .option("--with-parent", "ends when standard input ends")
    .action(async ({ host, port, secretFile, id, tlsKey, tlsCert, rateMax, withParent }: Options) => {
      if ((tlsKey === undefined) !== (tlsCert === undefined)) throw new UsageError("--tls-key and --tls-cert are given together");
      const secret = (await readText(secretFile)).trim();
      const tls = tlsKey && tlsCert ? { key: await readText(tlsKey), cert: await readText(tlsCert) } : undefined;
      const server = await startMeasureServer({
        host,
        port,
        secret,
        ...(id && { id }),
        ...(tls && { tls }),
        ...(rateMax !== undefined && { rateMaxMbps: rateMax }),
      }).catch((error: NodeJS.ErrnoException) => {
        const fault = addressFault(error, port, host);
        throw fault === undefined ? error : new UsageError(`--port, --host (of a collector HCC_MEASURE_PORT, HCC_MEASURE_HOST): ${fault}`);
      });
      terminal.out(server.url);
      await Promise.race([once(terminal.stop, "abort"), ...(withParent ? [once(terminal.stdin.resume(), "end")] : [])]);
      // An open input would keep this process, and with it the parent that waits for it, alive.
      terminal.stdin.destroy();
      await server.close();
    });
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError("a port lies within 0 and 65535");
  return port;
}

function mbpsOf(text: string): number {
  const mbps = Number(text);
  if (!(mbps >= 1 && mbps <= 100_000)) throw new InvalidArgumentError("a rate lies within 1 and 100000 Mbps");
  return mbps;
}

async function readText(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be read: ${error.code ?? error.message}`);
  });
}
