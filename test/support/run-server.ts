import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { memoryParent } from "./memory-parent.ts";
import { KEPT_CLUSTERS, startPostgres, type TestPostgres } from "./postgres.ts";
import { requirePeer } from "./require-peer.ts";
import { folderOf, packageUser } from "./user-identity.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Port of the desk that starts the run's PostgreSQL server when the first test asks, and gives its URL; 0 where Debian's is not installed. */
    readonly runServerDesk: number;
  }
}

/** Name of the database with the schema of this version and no rows, which others are copied from. */
export const MIGRATED = "hcc_migrated";

/** One PostgreSQL server for all test files of a run: a server of its own costs a file seconds, a database on this one a tenth of a second. */
export async function setup(project: Pick<TestProject, "provide">): Promise<() => Promise<void>> {
  if (!requirePeer("postgres")) {
    project.provide("runServerDesk", 0);
    return async () => undefined;
  }
  const clusters = await folderOf(await packageUser("postgres"), memoryParent(), "hcc-clusters-");
  process.env[KEPT_CLUSTERS] = clusters;
  let server: Promise<TestPostgres> | undefined;
  const desk = createServer((_, reply) => {
    server ??= startMigrated();
    server.then(
      ({ url }) => reply.end(url),
      (error: unknown) => reply.writeHead(500).end(String(error)),
    );
  });
  desk.listen(0, "127.0.0.1");
  await new Promise((resolve) => desk.once("listening", resolve));
  project.provide("runServerDesk", (desk.address() as AddressInfo).port);
  return async () => {
    desk.close();
    desk.closeAllConnections();
    await (await server)?.stop();
    await rm(clusters, { recursive: true, force: true });
  };
}

async function startMigrated(): Promise<TestPostgres> {
  const server = await startPostgres({ settings: ["full_page_writes=off"] });
  // Loaded here, as most runs of a single file never come to this point.
  const [{ openStore }, { migrate }] = await Promise.all([import("../../collector/store/open.ts"), import("../../collector/store/migrate.ts")]);
  const store = await openStore({ databaseUrl: await server.database(MIGRATED), dataDir: "unused" });
  await migrate(store.db, 0);
  await store.close();
  return server;
}
