import { readFile, writeFile } from "node:fs/promises";
import { Command } from "commander";
import { z } from "zod";
import { ConfigSeal, SealedConfig } from "#schemas/agent-config.ts";
import { vietnamDay } from "#schemas/calendar.ts";
import { CONFIG_KEY, configKeyOf, newConfigKey, openedSeal, sealConfig } from "../auth/seal-config.ts";
import { readNotifyFile } from "../notify-file.ts";
import { acts } from "../people/acts.ts";
import { loadPolicy } from "../policy-files.ts";
import { configFor, serversOf } from "../served-config.ts";
import { keepConfigSeal } from "../store/config-seals.ts";
import type { Db } from "../store/db.ts";
import { newlyDeclaredAt } from "../store/facts.ts";
import { putSetting, setting } from "../store/settings.ts";
import { findSite, openSites } from "../store/sites.ts";
import { withStore } from "./centre-commands.ts";
import { byCommand } from "./command-line.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

const DAYS = 400;
const DAY_MS = 86_400_000;
const Exported = z.strictObject({ configs: z.array(SealedConfig).max(10_000) });
const Signed = z.strictObject({ seals: z.array(ConfigSeal).max(10_000) });

/**
 * `config keygen | trust | export | sign | import`: configurations that are signed on a machine without a network, so that whoever takes the collector
 * over cannot tell the agents whom to measure. The private key never comes near the collector: only `keygen` and `sign` touch it, and they open no database.
 */
export function configCommand(context: CommandContext): Command {
  const config = new Command("config").description("configurations of agents that are signed offline");
  addOfflineSteps(config, context);
  addCollectorSteps(config, context);
  return config;
}

function addOfflineSteps(config: Command, { terminal: { out } }: CommandContext): void {
  config
    .command("keygen")
    .description("makes the province's signing key, on a machine without a network")
    .requiredOption("--out <file>", "file for the private key; it must not exist")
    .action(async ({ out: file }: { out: string }) => {
      const { privatePem, publicKey } = newConfigKey();
      await writeNew(file, privatePem);
      out(publicKey);
    });
  config
    .command("sign <file>")
    .description("signs what `config export` wrote, on a machine without a network")
    .requiredOption("--key <file>", "the private key")
    .requiredOption("--out <file>", "file for the signed configurations; it must not exist")
    .action(async (file: string, options: { key: string; out: string }) => {
      const key = configKeyOf(await readText(options.key));
      if (!key) throw new UsageError(`${options.key} holds no private Ed25519 key; "config keygen" makes one`);
      const { configs } = await readAs(file, Exported);
      await writeNew(options.out, JSON.stringify({ seals: configs.map((one) => sealConfig(one, key)) }));
      out(`${configs.length} configurations signed`);
    });
}

function addCollectorSteps(config: Command, context: CommandContext): void {
  const { out } = context.terminal;
  config
    .command("trust <public-key>")
    .description("tells agents at their enrolment to take configurations of this key only")
    .action(async (publicKey: string) => {
      if (!/^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$/.test(publicKey)) throw new UsageError('this is no public key as "config keygen" prints it');
      await withStore(context, (db) =>
        byCommand(db, async (tx, note) => {
          await putSetting(tx, CONFIG_KEY, publicKey);
          await note(acts.configKeyTrusted(publicKey));
        }),
      );
      out("agents that enrol from now on take signed configurations only");
    });
  config
    .command("export")
    .description("writes the configuration of every centre, to be read and signed elsewhere")
    .requiredOption("--out <file>", "file to write; it must not exist")
    .option("--days <n>", "days for which the signature will hold", String(DAYS))
    .action(async ({ out: file, days }: { out: string; days: string }) => {
      const nowMs = Date.now();
      const settings = context.config();
      const rules = { ...loadPolicy(settings.policy, nowMs), measureServers: serversOf(settings), phones: readNotifyFile(settings.notifyFile).phones };
      const expiresAt = new Date(nowMs + z.coerce.number().int().min(1).max(3_650).parse(days) * DAY_MS).toISOString();
      const configs = await withStore(context, async (db) => {
        const sites = await openSites(db, vietnamDay(nowMs));
        const newlyDeclared = await newlyDeclaredAt(db, sites, nowMs);
        return sites.map((site) => ({ ...configFor(site, newlyDeclared.get(site.siteId) ?? [], rules, nowMs), expiresAt }));
      });
      await writeNew(file, JSON.stringify({ configs }, undefined, 1));
      out(`${configs.length} configurations written`);
    });
  config
    .command("import <file>")
    .description("takes what `config sign` wrote; agents get it with their next question")
    .action(async (file: string) => {
      const { seals } = await readAs(file, Signed);
      const kept = await withStore(context, async (db) => {
        const publicKey = await setting(db, CONFIG_KEY);
        if (typeof publicKey !== "string") throw new UsageError('no key is trusted yet; "config trust" names one');
        return byCommand(db, async (tx, note) => {
          const codes = await keepSeals(tx, seals, publicKey, file);
          if (codes.length > 0) await note(acts.configsTaken(codes));
          return codes.length;
        });
      });
      out(`${kept} taken, ${seals.length - kept} older than what is there`);
    });
}

/** Keeps all or none. Gives the centres whose configuration is newer than what was there. @throws UsageError for a foreign signature or centre */
async function keepSeals(tx: Db, seals: readonly ConfigSeal[], publicKey: string, file: string): Promise<readonly string[]> {
  const codes: string[] = [];
  for (const seal of seals) {
    const sealed = openedSeal(seal, publicKey);
    if (!sealed) throw new UsageError(`${file}: a configuration is not signed by the trusted key; nothing was taken`);
    const { code } = sealed.centre;
    const site = await findSite(tx, code);
    if (!site) throw new UsageError(`${file}: there is no centre "${code}"; nothing was taken`);
    if (await keepConfigSeal(tx, site.siteId, seal, sealed.version, Date.now())) codes.push(code);
  }
  return codes;
}

async function writeNew(file: string, text: string): Promise<void> {
  await writeFile(file, text, { flag: "wx", mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be written: ${error.code === "EEXIST" ? "it exists already" : error.code}`);
  });
}

function readText(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be read: ${error.code}`);
  });
}

async function readAs<T>(file: string, type: z.ZodType<T>): Promise<T> {
  const text = await readText(file);
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw new UsageError(`${file} is not JSON`);
  }
  const read = type.safeParse(raw);
  if (!read.success) throw new UsageError(`${file}: ${z.prettifyError(read.error)}`);
  return read.data;
}
