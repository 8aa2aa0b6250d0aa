import { createRequire } from "node:module";
import type * as Orm from "drizzle-orm";
import type * as Pg from "drizzle-orm/pg-core";
import type * as PgProxy from "drizzle-orm/pg-proxy";

/**
 * The one door to drizzle. It is required and not imported: for each of the ES modules behind it Node.js parses drizzle's package.json
 * of 180 KB anew, only to learn the module's format, which costs every start 2 s of processor time and 220 MB. A `.cjs` file has its format in its name.
 */
const load = createRequire(import.meta.url);
export const { and, asc, desc, DrizzleQueryError, eq, getTableName, gt, gte, inArray, is, isNotNull, isNull, lt, lte, notInArray, or, sql } = load(
  "drizzle-orm",
) as typeof Orm;
export const { bigint, boolean, customType, doublePrecision, getTableConfig, index, integer, PgTable, pgTable, primaryKey, text } = load(
  "drizzle-orm/pg-core",
) as typeof Pg;
export const { drizzle } = load("drizzle-orm/pg-proxy") as typeof PgProxy;
