import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { addressWithout, neverDeclared } from "#schemas/device-address.ts";
import { Code } from "#schemas/ids.ts";
import { DeviceRole } from "#schemas/inventory.ts";
import { CredentialName, Network } from "#schemas/target.ts";
import { jsonPlace } from "#schemas/text/json-place.ts";
import { text } from "#schemas/text/text.ts";
import { Lang } from "#schemas/words.ts";
import { fieldFaults } from "./field-faults.ts";
import { readText } from "./file-fault.ts";
import { UsageError } from "./terminal.ts";

export const logLevels = ["silent", "error", "warn", "info", "debug"] as const;
const LogLevel = z.enum(logLevels);
export type LogLevel = z.infer<typeof LogLevel>;

/** Names of stored credentials by the way they are used at one device. */
const DeviceCredentials = z.strictObject({ snmp: CredentialName.optional(), http: CredentialName.optional(), onvif: CredentialName.optional() });
export type DeviceCredentials = z.infer<typeof DeviceCredentials>;

/** A device that only this PC knows of, beside those of the centre's inventory. */
export const LocalTarget = z.strictObject({
  id: Code,
  name: z.string().max(128).optional(),
  role: DeviceRole,
  address: addressWithout(neverDeclared),
  credentials: DeviceCredentials.optional(),
});
export type LocalTarget = z.infer<typeof LocalTarget>;

/** `hcc-agent.json`: what the commune's own side decides. The collector can add to none of it. */
export const LocalConfig = z.strictObject({
  collector: z.url({ protocol: /^https?$/ }).optional(),
  /** Folder of spool, key and state; relative to this file. */
  data: z.string().min(1).optional(),
  lang: Lang.optional(),
  logLevel: LogLevel.optional(),
  /** Networks in which the agent may ask devices. Absent = the private networks that this PC is directly connected to. */
  allowedSubnets: z.array(Network).max(64).optional(),
  /** PEM file of a private certificate authority for the collector; relative to this file. */
  caFile: z.string().min(1).optional(),
  /** `false` keeps the last configuration for ever: the commune's veto. */
  remoteConfig: z.boolean().default(true),
  /** The province's key for configurations (base64 SPKI), over the one that the enrolment told: written by hand it needs no trust in the collector at all. */
  configKey: z.string().max(200).optional(),
  /** The centre is this very PC (`npm start`): loopback targets are allowed, the first contact is not delayed. */
  localTest: z.boolean().default(false),
  /** Devices beside those of the inventory. */
  targets: z.array(LocalTarget).max(256).default([]),
  /** Credentials of inventory devices, by device code. */
  credentials: z.record(Code, DeviceCredentials).default({}),
  /** Further options of probes, by kind; they lie over what the agent derives. */
  probes: z.record(z.string(), z.record(z.string(), z.json())).default({}),
});
export type LocalConfig = z.infer<typeof LocalConfig>;

/** All that is set from outside, read once at start. */
export type Settings = {
  readonly dataDir: string;
  readonly collectorUrl: string | undefined;
  readonly lang: Lang;
  readonly logLevel: LogLevel;
  readonly caFile: string | undefined;
  readonly local: LocalConfig;
  /** The file that `local` came from; undefined when there is none. */
  readonly file: string | undefined;
  /** Where a file goes that somebody asks for without naming a place: the desktop of all users, where the system has one, else the temporary files. */
  readonly filesDir: string;
};

const Environment = z.object({
  HCC_AGENT_DATA: z.string().min(1).optional(),
  HCC_COLLECTOR_URL: z.url({ protocol: /^https?$/ }).optional(),
  HCC_LANG: Lang.optional(),
  HCC_LOG_LEVEL: LogLevel.optional(),
});

/** The same from any folder in which a command is typed. */
const DEFAULT_DATA = join(import.meta.dirname, "..", "data", "agent");
const CONFIG_NAME = "hcc-agent.json";
const CONFIG_CHARS_MAX = 1024 * 1024;

/**
 * Reads environment and `hcc-agent.json`: `--config`, else the one in the data folder, else none. The environment wins over the file.
 * Throws UsageError that names the file and each wrong field, or says how to come to a data folder that is closed to this user.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>, configFile?: string): Settings {
  const variables = parsed(Environment, env, (lang) => text(lang, "agent.config.environment"));
  const dataDir = resolve(variables.HCC_AGENT_DATA ?? DEFAULT_DATA);
  requireOpen(dataDir);
  const file = configFile === undefined ? join(dataDir, CONFIG_NAME) : resolve(configFile);
  const raw = readConfig(file, configFile !== undefined);
  const local = parsed(LocalConfig, raw ?? {}, () => file);
  const beside = (path: string) => resolve(dirname(file), path);
  return {
    dataDir: variables.HCC_AGENT_DATA === undefined && local.data !== undefined ? beside(local.data) : dataDir,
    collectorUrl: variables.HCC_COLLECTOR_URL ?? local.collector,
    lang: variables.HCC_LANG ?? local.lang ?? "vi",
    logLevel: variables.HCC_LOG_LEVEL ?? local.logLevel ?? "info",
    caFile: local.caFile === undefined ? undefined : beside(local.caFile),
    local,
    file: raw === undefined ? undefined : file,
    // Windows names the folder of all users, for every program; it is no setting of ours.
    filesDir: env.PUBLIC ? join(env.PUBLIC, "Desktop") : tmpdir(),
  };
}

/** A closed folder looks like an empty one to `existsSync`: an enrolled PC would be told to enrol. */
function requireOpen(folder: string): void {
  try {
    readdirSync(folder);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EACCES" || code === "EPERM") throw new UsageError((lang) => text(lang, "agent.file.closed", { path: folder }));
  }
}

function readConfig(file: string, mustExist: boolean): unknown {
  if (!mustExist && !existsSync(file)) return undefined;
  const content = readText(file);
  if (content.length > CONFIG_CHARS_MAX) throw new UsageError((lang) => text(lang, "agent.config.too_big", { file, max: CONFIG_CHARS_MAX }));
  try {
    return JSON.parse(content.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new UsageError((lang) => text(lang, "agent.config.no_json", { file, place: jsonPlace(lang, error) }));
  }
}

function parsed<T extends z.ZodRawShape>(type: z.ZodObject<T>, raw: unknown, place: (lang: Lang) => string): z.infer<z.ZodObject<T>> {
  const result = type.safeParse(raw);
  if (result.success) return result.data;
  throw fieldFaults(result.error, place, Object.keys(type.shape));
}
