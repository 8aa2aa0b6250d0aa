/** A PostgreSQL array literal of numbers, for `($1::text)::float8[]`: cheaper than the driver's own arrays. */
export function numbersLiteral(values: readonly number[]): string {
  return `{${values.join(",")}}`;
}

/** A PostgreSQL array literal of texts or nulls, for `($1::text)::text[]`. */
export function textsLiteral(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? "NULL" : `"${value.replace(/["\\]/g, "\\$&")}"`)).join(",")}}`;
}
