import type { TextKey } from "#schemas/text/text.ts";
import { StoreError } from "./store-error.ts";

/** What a server says when it cannot go on, by the code of its error, and what the driver says when it is gone. */
const faults: Readonly<Record<string, TextKey>> = {
  "53100": "store.disk_full",
  "25006": "store.read_only",
  "42501": "store.no_right",
  "57014": "store.busy",
  "55P03": "store.busy",
  "40P01": "store.busy",
  "57P01": "store.lost",
  "57P02": "store.lost",
  "57P03": "store.lost",
  CONNECTION_CLOSED: "store.lost",
  CONNECTION_DESTROYED: "store.lost",
  CONNECTION_ENDED: "store.lost",
  CONNECT_TIMEOUT: "store.lost",
  ECONNREFUSED: "store.lost",
  ECONNRESET: "store.lost",
};

/** What befell the database while a command worked, for whoever typed it; undefined for what is no fault of the database. */
export function storeFault(error: unknown): StoreError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  const key = typeof code === "string" ? faults[code] : undefined;
  // A query builder hands the driver's error on as the cause of its own.
  return key === undefined ? storeFault(error.cause) : new StoreError(key, { error: error.message }, { cause: error });
}
