/** A PostgreSQL array literal of numbers or nulls, for `($1::text)::float8[]`: cheaper than the driver's own arrays. */
export function numbersLiteral(values: readonly (number | null)[]): string {
  return `{${values.includes(null) ? values.map((value) => value ?? "NULL").join(",") : values.join(",")}}`;
}

/** Reads a literal of numbers without nulls: cheaper than what drivers do. */
export function numbersOf(literal: string): number[] {
  return literal.slice(1, -1).split(",").map(Number);
}

/** A PostgreSQL array literal of texts or nulls, for `($1::text)::text[]`. */
export function textsLiteral(values: readonly (string | null)[]): string {
  let literal = "{";
  for (const value of values) {
    if (literal.length > 1) literal += ",";
    if (value === null) literal += "NULL";
    else literal += needsEscape.test(value) ? `"${value.replace(escaped, "\\$&")}"` : `"${value}"`;
  }
  return `${literal}}`;
}

const needsEscape = /["\\]/;
const escaped = /["\\]/g;
