/**
 * How a database keeps what grows: PostgreSQL's own partitions; hypertables of TimescaleDB, alone or with what its own licence (TSL) adds; tables that
 * Citus distributes by centre. Chosen once per database (settle-storage.ts); docs/decisions/0006-storage-modes.md says what each one changes and why.
 */
export const storageModes = ["plain", "timescale", "timescale-tsl", "citus"] as const;
export type StorageMode = (typeof storageModes)[number];
/** What the settings ask for; `auto` takes what the server offers, and never Citus. */
export type StorageWish = StorageMode | "auto";
