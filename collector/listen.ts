import { readFile } from "node:fs/promises";
import { createServer as createTlsServer } from "node:https";
import { serve } from "@hono/node-server";
import type { Hono } from "hono";
import { type CollectorConfig, ConfigError } from "./config.ts";

export type ClosableServer = { readonly port: number; close(): void; closeAllConnections(): void };

/** Serves the app at the address of the settings, with TLS 1.2 or newer where they name a certificate. @throws ConfigError that names the setting at fault */
export async function listen(app: Pick<Hono, "fetch">, { port, host, tls }: Pick<CollectorConfig, "port" | "host" | "tls">): Promise<ClosableServer> {
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
      const fault = addressFault(error, port, host);
      reject(fault === undefined ? error : new ConfigError(`HCC_PORT, HCC_HOST: ${fault}`));
    });
  });
}

/** Why nobody can listen there, in words for whoever starts the program; undefined for what is no matter of the address. */
export function addressFault({ code }: NodeJS.ErrnoException, port: number, host: string): string | undefined {
  if (code === "EADDRINUSE") return `port ${port} is taken on ${host}; the same program may run already`;
  if (code === "EACCES") return `this user may not listen on port ${port}; take one above 1023`;
  return code === "EADDRNOTAVAIL" || code === "ENOTFOUND" ? `${host} is no address of this machine` : undefined;
}

function pem(setting: string, file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`${setting}: ${file} cannot be read: ${error.code ?? error.message}`);
  });
}
