/**
 * JSON that PostgreSQL takes as jsonb: without NUL and without halves of surrogate pairs, which it refuses. They are dropped from values and
 * from names alike: one of them would make the whole batch unwritable for ever.
 */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  // JSON.stringify writes NUL and lone halves always as escapes, and whole pairs never: each escape can be judged by itself.
  return text.includes("\\u") ? text.replace(escapes, (found) => (/^\\(u0000|ud[89a-f])/.test(found) ? "" : found)) : text;
}

const escapes = /\\(?:u[0-9a-f]{4}|[^u])/g;
