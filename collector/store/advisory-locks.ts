/** Numbers of PostgreSQL's advisory locks, each for one purpose, that no other program on the database takes. */
export const advisoryLocks = {
  migrate: 8_901_890,
  area: 8_901_892,
  /** With the site as second key. */
  judge: 8_901_893,
  audit: 8_901_894,
  pack: 8_901_895,
  /** With the site as second key. */
  ingest: 8_901_896,
  lists: 8_901_897,
} as const;
