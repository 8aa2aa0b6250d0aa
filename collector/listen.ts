import { createServer as createTlsServer } from "node:https";
import { serve } from "@hono/node-server";
import type { Hono } from "hono";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type CollectorConfig, ConfigError } from "./config.ts";
import { readTlsFiles, type TlsPair } from "./tls-files.ts";

export type ClosableServer = { readonly port: number; close(): void; closeAllConnections(): void };

/** Serves the app at the address of the settings, with TLS 1.2 or newer where they name a certificate. @throws ConfigError that names the setting at fault */
export async function listen(app: Pick<Hono, "fetch">, { port, host, tls }: Pick<CollectorConfig, "port" | "host" | "tls">): Promise<ClosableServer> {
  const pair = await servedPair(tls);
  const secure = pair && { createServer: createTlsServer, serverOptions: { ...pair, minVersion: "TLSv1.2" as const } };
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port, hostname: host, ...secure }, (address) => {
      const { close, closeAllConnections } = server as unknown as ClosableServer;
      resolve({ port: address.port, close: close.bind(server), closeAllConnections: closeAllConnections.bind(server) });
    });
    server.once("error", (error: NodeJS.ErrnoException) => {
      const fault = addressFault(error, { port, host });
      reject(fault === undefined ? error : new ConfigError((lang) => `HCC_PORT, HCC_HOST: ${fault(lang)}`));
    });
  });
}

/** The certificate and key of the settings; undefined where they name none. @throws ConfigError that names the setting at fault */
export async function servedPair(tls: CollectorConfig["tls"]): Promise<TlsPair | undefined> {
  return tls && readTlsFiles({ setting: "HCC_TLS_CERT", file: tls.certFile }, { setting: "HCC_TLS_KEY", file: tls.keyFile });
}

/** Why nobody can listen there, in words for whoever starts the program; undefined for what is no matter of the address. */
export function addressFault(
  { code }: NodeJS.ErrnoException,
  { port, host }: { readonly port: number; readonly host: string },
): ((lang: Lang) => string) | undefined {
  // A port is no amount: it is written without a point.
  const at = { port: String(port), host };
  if (code === "EADDRINUSE") return (lang) => text(lang, "collector.address.taken", at);
  if (code === "EACCES") return (lang) => text(lang, "collector.address.forbidden", at);
  return code === "EADDRNOTAVAIL" || code === "ENOTFOUND" ? (lang) => text(lang, "collector.address.foreign", at) : undefined;
}
