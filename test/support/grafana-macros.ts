/** What a dashboard variable holds. `several`: it is multi-value or has "All", so Grafana quotes it in SQL. */
export type VariableValue = { readonly values: readonly string[]; readonly several: boolean };

/** What Grafana knows when it sends a query. */
export type QueryContext = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly interval: string;
  readonly intervalMs: number;
  readonly variables: Readonly<Record<string, VariableValue>>;
};

/**
 * Turns a stored query into the SQL that reaches PostgreSQL, written after observed behaviour of Grafana with a PostgreSQL source (TimescaleDB switch off):
 * first the browser's variables, then the literal names that the back end replaces, then the macros. An unknown macro or an unsafe format is an error.
 */
export function expandQuery(sql: string, context: QueryContext): string {
  return expandMacros(replaceLiterals(replaceVariables(sql, context), context), context);
}

/** Step 1, in the browser: `$name`, `${name}` and `${name:format}`; names that are no variables stay for the next steps. */
export function replaceVariables(sql: string, context: QueryContext): string {
  return sql.replace(/\$\{(\w+)(?::(\w+))?\}|\$(\w+)/g, (whole, braced: string | undefined, format: string | undefined, plain: string | undefined) => {
    const name = braced ?? plain ?? "";
    if (name === "__from") return String(context.fromMs);
    if (name === "__to") return String(context.toMs);
    if (name === "__interval") return context.interval;
    if (name === "__interval_ms") return String(context.intervalMs);
    if (!Object.hasOwn(context.variables, name)) {
      if (braced !== undefined) throw new Error(`variable ${whole} is not one of ${Object.keys(context.variables).join(", ")}`);
      return whole;
    }
    return formatVariable(whole, format, context.variables[name] ?? { values: [], several: false });
  });
}

const quoted = (value: string) => `'${value.replaceAll("'", "''")}'`;

function formatVariable(whole: string, format: string | undefined, { values, several }: VariableValue): string {
  if (format === undefined) return several ? values.map(quoted).join(",") : (values[0] ?? "").replaceAll("'", "''");
  if (format === "sqlstring") return values.map((value) => quoted(value.replaceAll('"', '\\"'))).join(",");
  if (format === "csv") return values.join(",");
  throw new Error(`${whole}: format ${format} is not safe in SQL`);
}

function replaceLiterals(sql: string, { interval, intervalMs, fromMs, toMs }: QueryContext): string {
  return sql
    .replaceAll("$__interval_ms", String(intervalMs))
    .replaceAll("$__interval", interval)
    .replaceAll("$__unixEpochFrom()", String(Math.floor(fromMs / 1000)))
    .replaceAll("$__unixEpochTo()", String(Math.floor(toMs / 1000)));
}

/** Step 3, in the back end. A macro ends at its first closing bracket: that is Grafana's own rule, so an argument with brackets breaks here as it does there. */
function expandMacros(sql: string, context: QueryContext): string {
  return sql.replace(/\$([_a-zA-Z0-9]+)\(([^)]*)\)(,?)/g, (_, name: string, list: string, comma: string) => {
    const args = list.split(",").map((arg) => arg.trim());
    const alias = name === "__timeGroup" && comma === "," ? ' AS "time"' : "";
    return `${expandMacro(name, args, context)}${alias}${comma}`;
  });
}

function expandMacro(name: string, args: readonly string[], { fromMs, toMs }: QueryContext): string {
  const column = args[0] ?? "";
  const [from, to] = [rfc3339(fromMs), rfc3339(toMs)];
  const [fromS, toS] = [Math.floor(fromMs / 1000), Math.floor(toMs / 1000)];
  switch (name) {
    case "__time":
      return `${column} AS "time"`;
    case "__timeEpoch":
      return `extract(epoch from ${column}) as "time"`;
    case "__timeFilter":
      return `${column} BETWEEN '${from}' AND '${to}'`;
    case "__timeFrom":
      return `'${from}'`;
    case "__timeTo":
      return `'${to}'`;
    case "__timeGroup":
      return timeGroup(column, args[1]);
    case "__timeGroupAlias":
      return `${timeGroup(column, args[1])} AS "time"`;
    case "__unixEpochFilter":
      return `${column} >= ${fromS} AND ${column} <= ${toS}`;
    case "__unixEpochNanoFilter":
      return `${column} >= ${fromMs}000000 AND ${column} <= ${toMs}000000`;
    case "__unixEpochNanoFrom":
      return `${fromMs}000000`;
    case "__unixEpochNanoTo":
      return `${toMs}000000`;
    case "__unixEpochGroup":
      return epochGroup(column, args[1]);
    case "__unixEpochGroupAlias":
      return `${epochGroup(column, args[1])} AS "time"`;
    default:
      throw new Error(`unknown macro $${name}`);
  }
}

function timeGroup(column: string, interval: string | undefined): string {
  const seconds = goNumber(intervalSeconds(interval));
  return `floor(extract(epoch from ${column})/${seconds})*${seconds}`;
}

function epochGroup(column: string, interval: string | undefined): string {
  const seconds = goNumber(intervalSeconds(interval));
  return `floor((${column})/${seconds})*${seconds}`;
}

/** Seconds of an interval word. Only s, m, h and d are allowed: others mean different things in different versions. */
function intervalSeconds(word: string | undefined): number {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec((word ?? "").replaceAll("'", ""));
  if (!match) throw new Error(`interval ${word}: use a number with s, m, h or d`);
  const unit = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 }[match[2] as "ms" | "s" | "m" | "h" | "d"];
  return Number(match[1]) * unit;
}

/** As Go's %v prints a float: e-notation from a million up. */
function goNumber(value: number): string {
  if (value < 1e6) return String(value);
  const exponent = Math.floor(Math.log10(value));
  return `${value / 10 ** exponent}e+${String(exponent).padStart(2, "0")}`;
}

/** RFC 3339 in UTC without trailing zeros of the fraction. */
function rfc3339(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.?0*Z$/, "Z");
}
