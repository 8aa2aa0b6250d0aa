import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { type Collector, createCollector } from "../../collector/collector.ts";
import { readConfig } from "../../collector/config.ts";
import { createLog } from "../../collector/log.ts";
import { openStore } from "../../collector/store/open.ts";
import { fillWithDemo } from "./demo-database.ts";
import type { ServerDatabase } from "./test-database.ts";

export type DemoSite = AsyncDisposable & {
  readonly url: string;
  readonly server: ServerDatabase;
  readonly people: Collector["people"];
  /** Value of the cookie `hcc-session` of somebody with every role. */
  readonly session: string;
};

/** A small simulated province on a port of its own: the whole collector on a PostgreSQL server, as `npm run demo` serves it, with one account. Drops the database at its end. */
export async function demoSite(server: ServerDatabase, size: { readonly centres: number; readonly days: number }): Promise<DemoSite> {
  await fillWithDemo(server.url, size);
  const store = await openStore({ databaseUrl: server.url, dataDir: "" });
  const config = readConfig({ DATABASE_URL: server.url, HCC_LOG_LEVEL: "error" });
  const { app, people } = await createCollector({ config, store, clock: Date.now, log: createLog("error") });
  const doer = { who: "command line", address: "" };
  const link = await people.add({ login: "lan", name: "Nguyễn Thị Lan", roles: ["admin", "operator", "inspector", "auditor", "viewer"] }, doer);
  const set = await people.setPassword(link ?? "", "ba con voi trắng", "");
  if (!set.ok) throw new Error(`no account: ${set.fault}`);
  const listening = Promise.withResolvers<AddressInfo>();
  const http = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, listening.resolve);
  const { port } = await listening.promise;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    people,
    session: set.session,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      http.close(() => closed.resolve());
      if ("closeAllConnections" in http) http.closeAllConnections();
      await closed.promise;
      await store.close();
      await server.drop();
    },
  };
}
