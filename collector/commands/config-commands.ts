import { Command } from "commander";
import { z } from "zod";
import { ConfigSeal, SealedConfig } from "#schemas/agent-config.ts";
import { vietnamDay } from "#schemas/calendar.ts";
import { pointOf } from "#schemas/inventory.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { CONFIG_KEY, configKeyOf, newConfigKey, openedSeal, sealConfig } from "../auth/seal-config.ts";
import { readNotifyFile } from "../notify-file.ts";
import { acts } from "../people/acts.ts";
import { loadPolicy } from "../policy-files.ts";
import { configFor, serversOf } from "../served-config.ts";
import { keepConfigSeal } from "../store/config-seals.ts";
import type { Db } from "../store/db.ts";
import { declaredDaysAt } from "../store/facts.ts";
import { pointNames } from "../store/points.ts";
import { putSetting, setting } from "../store/settings.ts";
import { findSite, openSites } from "../store/sites.ts";
import { withStore } from "./centre-commands.ts";
import { byCommand } from "./command-line.ts";
import { readNamed, readShaped, writeNew } from "./named-files.ts";
import { type CommandContext, UsageError } from "./terminal.ts";
import { wholeNumber } from "./whole-number.ts";

const DAYS = 400;
const DAYS_MAX = 3_650;
const DAY_MS = 86_400_000;
const Exported = z.strictObject({ configs: z.array(SealedConfig).max(10_000) });
const Signed = z.strictObject({ seals: z.array(ConfigSeal).max(10_000) });

/**
 * `config keygen | trust | export | sign | import`: configurations that are signed on a machine without a network, so that whoever takes the collector
 * over cannot tell the agents whom to measure. The private key never comes near the collector: only `keygen` and `sign` touch it, and they open no database.
 */
export function configCommand(context: CommandContext): Command {
  const config = new Command("config").description(text(context.lang, "collector.config.about"));
  addOfflineSteps(config, context);
  addCollectorSteps(config, context);
  return config;
}

function addOfflineSteps(config: Command, { lang, terminal: { out } }: CommandContext): void {
  config
    .command("keygen")
    .description(text(lang, "collector.config.keygen"))
    .requiredOption("--out <file>", text(lang, "collector.config.keygen.out"))
    .action(async ({ out: file }: { out: string }) => {
      const { privatePem, publicKey } = newConfigKey();
      await writeNew(lang, file, privatePem);
      out(publicKey);
    });
  config
    .command("sign <file>")
    .description(text(lang, "collector.config.sign"))
    .requiredOption("--key <file>", text(lang, "collector.config.sign.key"))
    .requiredOption("--out <file>", text(lang, "collector.option.new_file"))
    .action(async (file: string, options: { key: string; out: string }) => {
      const key = configKeyOf((await readNamed(lang, options.key)).toString("utf8"));
      if (!key) throw new UsageError(text(lang, "collector.config.sign.no_key", { file: options.key }));
      const { configs } = await readAs(lang, file, Exported, "config export");
      await writeNew(lang, options.out, JSON.stringify({ seals: configs.map((one) => sealConfig(one, key)) }));
      out(text(lang, "collector.config.sign.done", { count: configs.length }));
    });
}

function addCollectorSteps(config: Command, context: CommandContext): void {
  const { lang, terminal } = context;
  const { out } = terminal;
  config
    .command("trust <public-key>")
    .description(text(lang, "collector.config.trust"))
    .action(async (publicKey: string) => {
      if (!/^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$/.test(publicKey)) throw new UsageError(text(lang, "collector.config.trust.no_key"));
      await withStore(context, (db) =>
        byCommand(db, async (tx, note) => {
          await putSetting(tx, CONFIG_KEY, publicKey);
          await note(acts.configKeyTrusted(publicKey));
        }),
      );
      out(text(lang, "collector.config.trust.done"));
    });
  config
    .command("export")
    .description(text(lang, "collector.config.export"))
    .requiredOption("--out <file>", text(lang, "collector.option.new_file"))
    .option("--days <n>", text(lang, "collector.config.export.days", { max: DAYS_MAX }), String(DAYS))
    .action(async ({ out: file, days }: { out: string; days: string }) => {
      const nowMs = Date.now();
      const settings = context.config();
      const rules = { ...loadPolicy(settings.policy, nowMs), measureServers: serversOf(settings), phones: readNotifyFile(settings.notifyFile).phones };
      const expiresAt = new Date(nowMs + wholeNumber(lang, "--days", days, DAYS_MAX) * DAY_MS).toISOString();
      const configs = await withStore(context, async (db) => {
        const sites = await openSites(db, vietnamDay(nowMs));
        const [days, names] = [await declaredDaysAt(db, sites, nowMs), await pointNames(db, sites)];
        return sites.flatMap((site) => {
          const points = names.get(site.siteId) ?? [];
          return points.map((point) => ({ ...configFor(site, days.get(site.siteId), rules, { point, points }, nowMs), expiresAt }));
        });
      });
      await writeNew(lang, file, JSON.stringify({ configs }, undefined, 1));
      out(text(lang, "collector.config.export.done", { count: configs.length }));
    });
  config
    .command("import <file>")
    .description(text(lang, "collector.config.import"))
    .action(async (file: string) => {
      const { seals } = await readAs(lang, file, Signed, "config sign");
      const kept = await withStore(context, async (db) => {
        const publicKey = await setting(db, CONFIG_KEY);
        if (typeof publicKey !== "string") throw new UsageError(text(lang, "collector.config.import.untrusted"));
        return byCommand(db, async (tx, note) => {
          const codes = await keepSeals(tx, seals, publicKey, { file, lang });
          if (codes.length > 0) await note(acts.configsTaken(codes));
          return codes.length;
        });
      });
      out(text(lang, "collector.config.import.done", { kept, older: seals.length - kept }));
    });
}

/** Keeps all or none. Gives the centres whose configuration is newer than what was there. @throws UsageError for a foreign signature or centre */
async function keepSeals(
  tx: Db,
  seals: readonly ConfigSeal[],
  publicKey: string,
  { file, lang }: { readonly file: string; readonly lang: Lang },
): Promise<readonly string[]> {
  const codes: string[] = [];
  for (const seal of seals) {
    const sealed = openedSeal(seal, publicKey);
    if (!sealed) throw new UsageError(text(lang, "collector.config.import.foreign", { file }));
    const { code } = sealed.centre;
    const site = await findSite(tx, code);
    if (!site) throw new UsageError(text(lang, "collector.config.import.no_centre", { file, code }));
    if (await keepConfigSeal(tx, { siteId: site.siteId, point: pointOf(sealed) }, seal, sealed.version, Date.now())) codes.push(code);
  }
  return codes;
}

/** What another step wrote: `command` is its name. */
function readAs<Shape extends z.ZodRawShape>(lang: Lang, file: string, type: z.ZodObject<Shape>, command: string) {
  return readShaped(lang, file, type, text(lang, "collector.config.other_file", { file, command }));
}
