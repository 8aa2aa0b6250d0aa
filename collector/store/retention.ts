/**
 * How long rows stay, days. Runs of `run` days stand as they came, then they are packed. Daily rollups, findings, revisions and records of duties have no
 * end here; that of the audit log is a setting (`HCC_AUDIT_MONTHS`).
 */
export const retentionDays = { run: 14, packed: 400, ledger: 60, rollup: 400 } as const;
/** Whole months for which declarations and waivers stay after they have ended, since people's names stand in them, and the names in what stays for longer. */
export const ENDED_WORD_MONTHS = 24;
