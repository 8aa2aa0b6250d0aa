import { randomBytes } from "node:crypto";
import type { TextKey, TextParams } from "#schemas/text/text.ts";
import { advisoryLocks } from "./advisory-locks.ts";
import type { Db } from "./db.ts";
import { scramVerifier } from "./scram.ts";
import { StoreError } from "./store-error.ts";

/** Roles of the collector beside the owner of its tables, who migrates them: one takes batches in, one serves people and judges. */
export const dbRoles = ["hcc_ingest", "hcc_api"] as const;
export type DbRole = (typeof dbRoles)[number];

/** What agents have sent: written by the intake (a table that it writes and that is missing here fails test/system/roles.test.ts), never changed by anything else than retention, which is the owner's. */
const evidence = [
  "ingest_ledger",
  "stream_gap",
  "stream_state",
  "dead_letter",
  "run",
  "run_source",
  "evidence",
  "series",
  "newest_values",
  "presence_day",
  "peak_day",
  "pages_day",
  "dirty_hour",
  "found_device",
  "run_hour",
  "unmeasured_day",
  "line_speed",
  "contact",
] as const;
/** What is only added to: people's deeds, the history of findings, sealed months. */
const records = ["audit", "duty_record", "finding_revision", "dossier"] as const;
/** What only the owner changes. */
const ownersAlone = [
  "migration",
  "packed_run",
  "dirty_day",
  "rolling_hour",
  "dirty_area",
  "rollup_1h",
  "rollup_1d",
  "rollup_site_1h",
  "rollup_area_1h",
  "presence_role_day",
  "page_count_day",
] as const;

/**
 * Makes the roles, or gives them new passwords; the texts are returned once and stored nowhere.
 * @throws StoreError when the user of `db` may not make roles
 */
export async function makeRoles(db: Db): Promise<Readonly<Record<DbRole, string>>> {
  const passwords = { hcc_ingest: randomBytes(24).toString("base64url"), hcc_api: randomBytes(24).toString("base64url") };
  for (const role of dbRoles) {
    const [known] = await db.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [role]);
    const statement = `${known ? "ALTER" : "CREATE"} ROLE ${role} LOGIN NOINHERIT NOCREATEDB NOCREATEROLE PASSWORD '${scramVerifier(passwords[role])}'`;
    await lackingRight(db.script(statement), known ? "store.no_change_role" : "store.no_create_role", { role });
  }
  await grantRights(db);
  return passwords;
}

/** Waits for a statement that an ordinary owner may not run. @throws StoreError whose sentence, `key`, says which right is missing */
export async function lackingRight<T>(statement: Promise<T>, key: TextKey, params: TextParams = {}): Promise<T> {
  return statement.catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== "42501") throw error;
    throw new StoreError(key, params, { cause: error });
  });
}

/**
 * Gives the roles what they need in the tables of this version, and takes everything else; nothing where they are not. Run after each migration.
 * `hcc_ingest` adds what agents send and sees no account. `hcc_api` does what people and judging do, changes no evidence and no table, and only adds
 * to the history of findings, the sealed months, the records of duties and, behind its last line, the audit log. `grafana_ro` reads the views: an administrator may have made it when there were none, or only now.
 */
export async function grantRights(db: Db): Promise<void> {
  await db.transaction(async (tx) => {
    // PostgreSQL refuses the second of two collectors that start at once and change the rights of one table.
    await tx.query("SELECT pg_advisory_xact_lock($1::int)", [advisoryLocks.migrate]);
    const there = await tx.query<{ role: DbRole | "grafana_ro" }>(
      "SELECT rolname AS role FROM pg_roles WHERE rolname IN ('hcc_ingest', 'hcc_api', 'grafana_ro')",
    );
    for (const { role } of there) {
      if (role === "grafana_ro") await tx.script(readerRights.join(";\n"));
      else {
        const statements = role === "hcc_ingest" ? ingestRights() : apiRights(await ownTables(tx));
        await tx.script([`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${role}`, `GRANT USAGE ON SCHEMA public TO ${role}`, ...statements].join(";\n"));
      }
    }
  });
}

const readerRights = ["GRANT USAGE ON SCHEMA grafana TO grafana_ro", "GRANT SELECT ON ALL TABLES IN SCHEMA grafana TO grafana_ro"];

function ingestRights(): readonly string[] {
  return [
    `GRANT SELECT, INSERT, UPDATE ON ${evidence.join(", ")} TO hcc_ingest`,
    // One line of the settings: whether this database was restored. The others are secrets.
    "GRANT SELECT ON setting TO hcc_ingest",
    ...policyOn("setting", "hcc_ingest", "FOR SELECT", "key = 'restored'"),
  ];
}

function apiRights(tables: readonly string[]): readonly string[] {
  const kept = new Set<string>([...evidence, ...ownersAlone, ...records]);
  const free = tables.filter((table) => !kept.has(table));
  return [
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO hcc_api",
    // Its last number is the revision that open pages wait for.
    "GRANT SELECT ON SEQUENCE finding_revision_revision_seq TO hcc_api",
    `GRANT INSERT, UPDATE, DELETE ON ${free.join(", ")} TO hcc_api`,
    `GRANT INSERT ON ${records.join(", ")} TO hcc_api`,
    ...policyOn("setting", "hcc_api", "FOR ALL", "true"),
    // A line at the last possible place would let no other follow it, and no act is done without its line.
    ...policyOn("audit", "hcc_api", "FOR SELECT", "true"),
    "DROP POLICY IF EXISTS audit_follows ON audit",
    "CREATE POLICY audit_follows ON audit FOR INSERT TO hcc_api WITH CHECK (place = 1 + coalesce((SELECT max(earlier.place) FROM audit AS earlier), 0))",
  ];
}

function policyOn(table: string, role: DbRole, what: string, condition: string): readonly string[] {
  return [
    `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`,
    `DROP POLICY IF EXISTS ${table}_${role} ON ${table}`,
    `CREATE POLICY ${table}_${role} ON ${table} ${what} TO ${role} USING (${condition})`,
  ];
}

/** The collector's tables, without partitions: rights on the whole count for its parts. */
async function ownTables(db: Db): Promise<readonly string[]> {
  const rows = await db.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1",
  );
  return rows.map(({ name }) => name);
}
