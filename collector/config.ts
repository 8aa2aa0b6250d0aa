import { join } from "node:path";
import { z } from "zod";
import { MeasureServer } from "#schemas/agent-config.ts";
import { Code } from "#schemas/ids.ts";
import { fieldFaults } from "#schemas/text/field-faults.ts";
import { text } from "#schemas/text/text.ts";
import { Lang } from "#schemas/words.ts";
import { type StorageWish, storageModes } from "./store/storage-mode.ts";
import { ToldError } from "./told-error.ts";

export const LogLevel = z.enum(["silent", "error", "warn", "info", "debug"]);

/** Logs for investigations are kept for a year at least (NĐ 53/2022). */
const AUDIT_MONTHS_MIN = 12;

const Port = z.coerce.number().int().min(0).max(65_535);

/** What the environment may set. Each is read here and nowhere else. */
const Environment = z.object({
  /** Absent = the embedded PostgreSQL under `HCC_DATA`. */
  DATABASE_URL: z.string().min(1).optional(),
  /** The same database as its lesser roles (`collector roles`): what takes batches in, and what serves people and judges. */
  HCC_DATABASE_INGEST_URL: z.string().min(1).optional(),
  HCC_DATABASE_API_URL: z.string().min(1).optional(),
  /** How the database keeps what grows (docs/operations.md); chosen when its tables are made. */
  HCC_STORAGE: z.enum(["auto", ...storageModes]).default("auto"),
  HCC_PORT: Port.default(8890),
  HCC_HOST: z.string().min(1).default("127.0.0.1"),
  /** Port of the speed test that `serve` starts beside itself; 0 starts none. */
  HCC_MEASURE_PORT: Port.default(8891),
  /** Address on which it listens; that of the collector when absent. Behind a proxy on this machine the two differ. */
  HCC_MEASURE_HOST: z.string().min(1).optional(),
  HCC_DATA: z.string().min(1).default(join("data", "collector")),
  HCC_LANG: Lang.default("vi"),
  HCC_LOG_LEVEL: LogLevel.default("info"),
  HCC_POLICY: Code.default("gia-lai-890"),
  /** Address under which people and agents reach the collector; stands in links of messages. */
  HCC_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Further measure servers as JSON: `[{"id":"second","url":"https://..."}]`. */
  HCC_MEASURE_SERVERS: z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: "custom", message: "setting.not_json" });
        return z.NEVER;
      }
    })
    .pipe(z.array(MeasureServer).max(15))
    .optional(),
  /** Capacity of the measure servers' uplink, Mbps: decides how many tests run at once. */
  HCC_MEASURE_UPLINK_MBPS: z.coerce.number().positive().default(1_000),
  /** Addresses or networks (CIDR) of reverse proxies whose X-Forwarded-For is believed, separated by commas. */
  HCC_TRUSTED_PROXIES: z
    .string()
    .transform((list) => list.split(",").map((one) => one.trim()))
    .pipe(z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).max(32))
    .optional(),
  /** PEM files of the collector's own TLS; without them it speaks plain HTTP. */
  HCC_TLS_CERT: z.string().min(1).optional(),
  HCC_TLS_KEY: z.string().min(1).optional(),
  /** File that names the province's sign-on service, OpenID Connect (docs/operations.md). */
  HCC_OIDC: z.string().min(1).optional(),
  /** Whether local accounts that operate or administer must have a second factor. All others may. */
  HCC_SECOND_FACTOR: z.enum(["optional", "required"]).default("optional"),
  /** Whole months for which the audit log is kept, beside the one that runs. */
  HCC_AUDIT_MONTHS: z.coerce.number().int().min(AUDIT_MONTHS_MIN).max(1_200).default(AUDIT_MONTHS_MIN),
  /** File with channels and recipients of messages (docs/operations.md). */
  HCC_NOTIFY: z.string().min(1).optional(),
});

export type CollectorConfig = {
  readonly databaseUrl: string | undefined;
  /** Absent: `databaseUrl` does everything. */
  readonly roleUrls: { readonly ingest: string; readonly api: string } | undefined;
  readonly storage: StorageWish;
  readonly port: number;
  readonly host: string;
  readonly measurePort: number;
  readonly measureHost: string;
  readonly dataDir: string;
  readonly lang: Lang;
  readonly logLevel: z.infer<typeof LogLevel>;
  readonly policy: string;
  readonly publicUrl: string;
  readonly measureServers: readonly MeasureServer[];
  readonly measureUplinkMbps: number;
  readonly notifyFile: string | undefined;
  readonly trustedProxies: readonly string[];
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly oidcFile: string | undefined;
  readonly isFactorRequired: boolean;
  readonly auditMonths: number;
};

/** The environment for a child process: without our own settings and PostgreSQL's, in which passwords stand. */
export function childEnvironment(environment: Readonly<Record<string, string | undefined>> = process.env): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^(HCC_|DATABASE_URL$|PG)/i.test(name)));
}

/** A setting, or a file that it names, is wrong; the sentence names both. */
export class ConfigError extends ToldError {
  override readonly name = "ConfigError";
}

/** In which language commands speak; where HCC_LANG is wrong, `readConfig` says so. */
export function readLang(environment: Readonly<Record<string, string | undefined>> = process.env): Lang {
  return Lang.catch("vi").parse(environment.HCC_LANG);
}

/** Who became this user by sudo, as the environment says: a hint, since everybody may set it. */
export function readSudoUser(environment: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  return environment.SUDO_USER;
}

/** Reads the settings. @throws ConfigError that names each variable at fault. */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): CollectorConfig {
  // An empty variable is one that nobody meant to set.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) throw new ConfigError((lang) => fieldFaults(lang, parsed.error, text(lang, "setting.place")));
  const env = parsed.data;
  demandBoth(env, "HCC_TLS_CERT", "HCC_TLS_KEY");
  demandBoth(env, "HCC_DATABASE_INGEST_URL", "HCC_DATABASE_API_URL");
  if (env.HCC_DATABASE_API_URL && !env.DATABASE_URL) throw new ConfigError((lang) => text(lang, "setting.needs_owner"));
  const tls = env.HCC_TLS_CERT && env.HCC_TLS_KEY ? { certFile: env.HCC_TLS_CERT, keyFile: env.HCC_TLS_KEY } : undefined;
  return {
    databaseUrl: env.DATABASE_URL,
    roleUrls: env.HCC_DATABASE_INGEST_URL && env.HCC_DATABASE_API_URL ? { ingest: env.HCC_DATABASE_INGEST_URL, api: env.HCC_DATABASE_API_URL } : undefined,
    storage: env.HCC_STORAGE,
    port: env.HCC_PORT,
    host: env.HCC_HOST,
    measurePort: env.HCC_MEASURE_PORT,
    measureHost: env.HCC_MEASURE_HOST ?? env.HCC_HOST,
    dataDir: env.HCC_DATA,
    lang: env.HCC_LANG,
    logLevel: env.HCC_LOG_LEVEL,
    policy: env.HCC_POLICY,
    publicUrl: env.HCC_PUBLIC_URL?.replace(/\/+$/, "") ?? `${tls ? "https" : "http"}://localhost:${env.HCC_PORT}`,
    measureServers: env.HCC_MEASURE_SERVERS ?? [],
    measureUplinkMbps: env.HCC_MEASURE_UPLINK_MBPS,
    notifyFile: env.HCC_NOTIFY,
    trustedProxies: env.HCC_TRUSTED_PROXIES ?? [],
    tls,
    oidcFile: env.HCC_OIDC,
    isFactorRequired: env.HCC_SECOND_FACTOR === "required",
    auditMonths: env.HCC_AUDIT_MONTHS,
  };
}

/** Two settings of which one is nothing without the other. */
function demandBoth<Name extends string>(env: { readonly [name in Name]?: string | undefined }, first: Name, second: Name): void {
  if ((env[first] === undefined) === (env[second] === undefined)) return;
  const missing = env[first] === undefined ? first : second;
  throw new ConfigError((lang) => text(lang, "setting.together", { missing, first, second }));
}
