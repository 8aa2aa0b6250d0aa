import { Command } from "commander";
import { text } from "#schemas/text/text.ts";
import { createTokenDesk, parseToken, TOKEN_DAYS, type TokenDesk } from "../people/token-desk.ts";
import { withStore } from "./centre-commands.ts";
import { commandLine } from "./command-line.ts";
import { pageOf, sayPart, withPages } from "./list-page.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `token add | list | revoke`: tokens for programs that read the API. The text of a token is printed once. */
export function tokenCommand(context: CommandContext): Command {
  const { out } = context.terminal;
  const token = new Command("token").description("tokens for programs that read the API");
  token
    .command("add")
    .description("makes a token and prints its text, once")
    .requiredOption("--name <text>", "what it is for")
    .requiredOption("--role <role>", "viewer or auditor")
    .option("--days <n>", "days until it ends", String(TOKEN_DAYS))
    .action((fields: { name: string; role: string; days: string }) =>
      withTokens(context, async (tokens) => {
        const parsed = parseToken(fields);
        const { lang } = context.config();
        if (!parsed.ok) throw new UsageError(parsed.errors.map(({ field, key, params }) => `${field}: ${text(lang, key, params)}`).join("\n"));
        out((await tokens.add(parsed.value, commandLine())).text);
      }),
    );
  withPages(token.command("list"), context.lang)
    .description("all tokens: id, role, what for, who made it, its end, when it was used last")
    .action((asked: { page: string }) =>
      withTokens(context, async (tokens) => {
        const part = await tokens.list(pageOf(asked));
        const day = (ms: number | null) => (ms === null ? "-" : new Date(ms).toISOString().slice(0, 10));
        for (const { tokenId, name, role, createdBy, expiresAt, revokedAt, lastUsedAt } of part.rows)
          out([tokenId, role, name, createdBy, `ends ${day(expiresAt)}`, `used ${day(lastUsedAt)}`, revokedAt === null ? "" : "revoked"].join("\t").trimEnd());
        sayPart(context, part);
      }),
    );
  token
    .command("revoke <id>")
    .description("refuses a token from now on")
    .action((id: string) =>
      withTokens(context, async (tokens) => {
        if (!(await tokens.revoke(id, commandLine()))) throw new UsageError(`there is no token ${id} that holds; "token list" names them`);
        out(`${id} is refused from now on`);
      }),
    );
  return token;
}

function withTokens(context: CommandContext, work: (tokens: TokenDesk) => Promise<void>): Promise<void> {
  return withStore(context, (db) => work(createTokenDesk({ db, clock: Date.now })));
}
