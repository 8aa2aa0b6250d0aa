import { createHash } from "node:crypto";
import type { AgentConfig } from "#schemas/agent-config.ts";
import type { Settings } from "../config.ts";
import { redactText, secretsIn } from "../redact.ts";
import type { SpoolView } from "../spool/read-spool.ts";
import type { AgentStatus } from "../status.ts";
import type { ZipEntry } from "./zip.ts";

export type BundleSources = {
  readonly reportJson: string;
  readonly reportText: string;
  readonly settings: Settings;
  readonly status: AgentStatus | undefined;
  readonly spool: SpoolView | undefined;
  readonly config: AgentConfig | undefined;
  /** The newest lines of the agent's own log. */
  readonly logLines: readonly string[];
};

/** Lines of the log that a bundle holds. */
export const LOG_LINES = 500;
const macAddress = /\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b/gi;

/**
 * The files of a support bundle, a manifest with their hashes last. Made from named fields only, so that a secret has no way in:
 * credentials appear by name, addresses of devices stay (the helper needs them), options of probes do not.
 */
export function bundleFiles({ reportJson, reportText, settings, status, spool, config, logLines }: BundleSources): ZipEntry[] {
  const { dataDir, collectorUrl, lang, logLevel, local, file } = settings;
  const { allowedSubnets, remoteConfig, localTest, targets, credentials, probes } = local;
  const shown = {
    file,
    dataDir,
    collector: collectorUrl === undefined ? undefined : withoutUser(collectorUrl),
    lang,
    logLevel,
    allowedSubnets,
    remoteConfig,
    localTest,
    targets: targets.map(({ id, role, address }) => ({ id, role, address })),
    devicesWithCredentials: Object.keys(credentials),
    probesWithOwnOptions: Object.keys(probes),
  };
  const files = [
    { name: "self-check.json", content: reportJson },
    { name: "self-check.txt", content: reportText },
    { name: "settings.json", content: pretty(shown) },
    { name: "status.json", content: pretty(status ?? null) },
    { name: "spool.json", content: pretty(spool === undefined ? null : { ...spool.status, sound: spool.sound, setAside: spool.setAside }) },
    {
      name: "config.json",
      content: pretty(
        config === undefined
          ? null
          : { version: config.version, issuedAt: config.issuedAt, centre: config.centre.code, policy: config.policy.id, policyVersion: config.policy.version },
      ),
    },
    { name: "agent.log", content: redactText(logLines.map((line) => `${line}\n`).join(""), secretsIn(local)).replace(macAddress, "[mac]") },
  ];
  const manifest = files.map(({ name, content }) => ({ name, bytes: Buffer.byteLength(content), sha256: createHash("sha256").update(content).digest("hex") }));
  return [...files, { name: "manifest.json", content: pretty(manifest) }];
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function withoutUser(url: string): string {
  const parsed = new URL(url);
  parsed.username = "";
  parsed.password = "";
  parsed.search = "";
  return parsed.href;
}
