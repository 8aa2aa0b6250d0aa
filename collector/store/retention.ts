/**
 * How long rows stay, days. Runs of `run` days stand as they came, then they are packed. Daily rollups, findings, revisions, attestations, records of
 * duties and waivers have no end here; that of the audit log is a setting (`HCC_AUDIT_MONTHS`).
 */
export const retentionDays = { run: 14, packed: 400, ledger: 60, rollup: 400 } as const;
