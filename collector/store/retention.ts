/**
 * How long rows stay, days. Runs of `run` days stand as they came, then they are packed. Daily rollups, findings, revisions, attestations, records of
 * duties and waivers have no end here.
 */
export const retentionDays = { run: 14, packed: 400, ledger: 60, rollup: 400 } as const;
