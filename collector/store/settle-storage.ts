import { advisoryLocks } from "./advisory-locks.ts";
import { CITUS_MIN, distributeTables } from "./citus.ts";
import type { Db } from "./db.ts";
import { putSetting, setting } from "./settings.ts";
import type { StorageMode, StorageWish } from "./storage-mode.ts";
import { StoreError } from "./store-error.ts";
import { addRollupPolicies, isAtLeast, makeHypertables, TIMESCALE_MIN } from "./timescale.ts";

/** The setting that remembers how this database keeps what grows. */
export const STORAGE_KEY = "storage";

type Server = { readonly timescale: readonly number[] | undefined; readonly license: string | undefined; readonly citus: readonly number[] | undefined };

/** How this database keeps what grows; `plain` before it was settled. */
export async function storageMode(db: Db): Promise<StorageMode> {
  return ((await setting(db, STORAGE_KEY)) as StorageMode | undefined) ?? "plain";
}

/**
 * Arranges the tables of this version by the storage mode that is asked for, once per database, and remembers it. `auto` takes TimescaleDB where the
 * server offers it and no runs would have to move (or `mayMove` says that they may), under the licence that is set there.
 * @throws StoreError when another mode was chosen before, or the server does not offer this one.
 */
export async function settleStorage(db: Db, wish: StorageWish, mayMove: boolean): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query("SELECT pg_advisory_xact_lock($1::int)", [advisoryLocks.migrate]);
    const known = (await setting(tx, STORAGE_KEY)) as StorageMode | undefined;
    if (known !== undefined && wish !== "auto" && wish !== known) throw new StoreError("store.other_storage", { known, wish });
    const server = await serverOf(tx);
    const mode = known ?? (wish === "auto" ? await fitting(tx, server, mayMove) : wish);
    demandOffered(mode, server);
    if (mode === "citus") await distributeTables(tx);
    if (known !== undefined) return;
    if (mode === "timescale" || mode === "timescale-tsl") await makeHypertables(tx);
    if (mode === "timescale-tsl") await addRollupPolicies(tx, server.timescale ?? []);
    await putSetting(tx, STORAGE_KEY, mode);
  });
}

async function fitting(tx: Db, { timescale, license, citus }: Server, mayMove: boolean): Promise<StorageMode> {
  if (!timescale || citus || !isAtLeast(timescale, TIMESCALE_MIN)) return "plain";
  // Nobody asked for the hours that moving a filled table takes.
  if (!mayMove && (await tx.query("SELECT FROM run LIMIT 1")).length > 0) return "plain";
  return license === "timescale" ? "timescale-tsl" : "timescale";
}

function demandOffered(mode: StorageMode, { timescale, license, citus }: Server): void {
  if (mode === "plain") return;
  const [extension, version, least] = mode === "citus" ? (["citus", citus, CITUS_MIN] as const) : (["timescaledb", timescale, TIMESCALE_MIN] as const);
  if (!version) throw new StoreError("store.no_extension", { mode, extension });
  if (!isAtLeast(version, least)) throw new StoreError("store.old_extension", { mode, extension, least: least.join("."), version: version.join(".") });
  if (citus && timescale) throw new StoreError("store.two_extensions");
  if (mode === "timescale-tsl" && license !== "timescale") throw new StoreError("store.no_licence", { licence: license ?? "-" });
}

async function serverOf(tx: Db): Promise<Server> {
  const rows = await tx.query<{ name: string; version: string }>(
    "SELECT extname AS name, extversion AS version FROM pg_extension WHERE extname IN ('timescaledb', 'citus')",
  );
  const [row] = await tx.query<{ license: string | null }>("SELECT current_setting('timescaledb.license', true) AS license");
  const versionOf = (extension: string) =>
    rows
      .find(({ name }) => name === extension)
      ?.version.split(/[.-]/)
      .map(Number);
  return { timescale: versionOf("timescaledb"), license: row?.license ?? undefined, citus: versionOf("citus") };
}
