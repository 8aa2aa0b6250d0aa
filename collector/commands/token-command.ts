import { Command } from "commander";
import { TokenRole } from "#schemas/person.ts";
import { text } from "#schemas/text/text.ts";
import { createTokenDesk, parseToken, TOKEN_DAYS, TOKEN_DAYS_MAX, type TokenDesk } from "../people/token-desk.ts";
import { withStore } from "./centre-commands.ts";
import { commandLine } from "./command-line.ts";
import { pageOf, sayPart, withPages } from "./list-page.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `token add | list | revoke`: tokens for programs that read the API. The text of a token is printed once. */
export function tokenCommand(context: CommandContext): Command {
  const { lang } = context;
  const { out } = context.terminal;
  const token = new Command("token").description(text(lang, "collector.token.about"));
  token
    .command("add")
    .description(text(lang, "collector.token.add.about"))
    .requiredOption("--name <text>", text(lang, "collector.token.add.name"))
    .requiredOption("--role <role>", text(lang, "collector.token.add.role", { roles: TokenRole.options.join(", ") }))
    .option("--days <n>", text(lang, "collector.token.add.days", { max: TOKEN_DAYS_MAX }), String(TOKEN_DAYS))
    .action((fields: { name: string; role: string; days: string }) =>
      withTokens(context, async (tokens) => {
        const parsed = parseToken(fields);
        if (!parsed.ok) throw new UsageError(parsed.errors.map(({ field, key, params }) => `${field}: ${text(lang, key, params)}`).join("\n"));
        out((await tokens.add(parsed.value, commandLine())).text);
      }),
    );
  withPages(token.command("list"), context.lang)
    .description(text(lang, "collector.token.list.about"))
    .action((asked: { page: string }) =>
      withTokens(context, async (tokens) => {
        const part = await tokens.list(pageOf(asked, lang));
        const day = (ms: number | null) => (ms === null ? "-" : new Date(ms).toISOString().slice(0, 10));
        for (const { tokenId, name, role, createdBy, expiresAt, revokedAt, lastUsedAt } of part.rows)
          out([tokenId, role, name, createdBy, `ends ${day(expiresAt)}`, `used ${day(lastUsedAt)}`, revokedAt === null ? "" : "revoked"].join("\t").trimEnd());
        sayPart(context, part);
      }),
    );
  token
    .command("revoke <id>")
    .description(text(lang, "collector.token.revoke.about"))
    .action((id: string) =>
      withTokens(context, async (tokens) => {
        if (!(await tokens.revoke(id, commandLine()))) throw new UsageError(text(lang, "collector.token.none", { id }));
        out(text(lang, "collector.token.revoked", { id }));
      }),
    );
  return token;
}

function withTokens(context: CommandContext, work: (tokens: TokenDesk) => Promise<void>): Promise<void> {
  return withStore(context, (db) => work(createTokenDesk({ db, clock: Date.now })));
}
