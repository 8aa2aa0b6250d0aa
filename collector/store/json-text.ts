/** JSON that PostgreSQL takes as jsonb: without NUL and without halves of surrogate pairs, which it refuses. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "string" ? inner.toWellFormed().replaceAll("\0", "") : inner));
}
