import { readFile } from "node:fs/promises";
import { createServer as createTlsServer } from "node:https";
import { serve } from "@hono/node-server";
import type { Hono } from "hono";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type CollectorConfig, ConfigError } from "./config.ts";

export type ClosableServer = { readonly port: number; close(): void; closeAllConnections(): void };

/** Serves the app at the address of the settings, with TLS 1.2 or newer where they name a certificate. @throws ConfigError that names the setting at fault */
export async function listen(
  app: Pick<Hono, "fetch">,
  { port, host, tls, lang }: Pick<CollectorConfig, "port" | "host" | "tls" | "lang">,
): Promise<ClosableServer> {
  const secure = tls && {
    createServer: createTlsServer,
    serverOptions: { cert: await pem("HCC_TLS_CERT", tls.certFile), key: await pem("HCC_TLS_KEY", tls.keyFile), minVersion: "TLSv1.2" as const },
  };
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port, hostname: host, ...secure }, (address) => {
      const { close, closeAllConnections } = server as unknown as ClosableServer;
      resolve({ port: address.port, close: close.bind(server), closeAllConnections: closeAllConnections.bind(server) });
    });
    server.once("error", (error: NodeJS.ErrnoException) => {
      const fault = addressFault(lang, error, { port, host });
      reject(fault === undefined ? error : new ConfigError(`HCC_PORT, HCC_HOST: ${fault}`));
    });
  });
}

/** Why nobody can listen there, in words for whoever starts the program; undefined for what is no matter of the address. */
export function addressFault(lang: Lang, { code }: NodeJS.ErrnoException, { port, host }: { port: number; host: string }): string | undefined {
  // A port is no amount: it is written without a point.
  const at = { port: String(port), host };
  if (code === "EADDRINUSE") return text(lang, "collector.address.taken", at);
  if (code === "EACCES") return text(lang, "collector.address.forbidden", at);
  return code === "EADDRNOTAVAIL" || code === "ENOTFOUND" ? text(lang, "collector.address.foreign", at) : undefined;
}

function pem(setting: string, file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`${setting}: ${file} cannot be read: ${error.code ?? error.message}`);
  });
}
