import { Command } from "commander";
import { text } from "#schemas/text/text.ts";
import { acts } from "../people/acts.ts";
import { urlForUser } from "../store/database-address.ts";
import { dbRoles, makeRoles } from "../store/roles.ts";
import { withStore } from "./centre-commands.ts";
import { byCommand } from "./command-line.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `roles`: makes the database's lesser roles, or gives them new passwords, and prints the settings with which `serve` uses them. */
export function rolesCommand(context: CommandContext): Command {
  const { lang } = context;
  return new Command("roles").description(text(lang, "collector.roles.about")).action(async () => {
    const { databaseUrl } = context.config();
    if (databaseUrl === undefined) throw new UsageError(text(lang, "collector.roles.no_server"));
    const passwords = await withStore(context, (db) =>
      byCommand(db, async (tx, note) => {
        const made = await makeRoles(tx);
        await note(acts.rolesMade(dbRoles));
        return made;
      }),
    );
    const urlOf = (role: keyof typeof passwords) => urlForUser(databaseUrl, role, passwords[role]);
    context.terminal.out(`HCC_DATABASE_INGEST_URL=${urlOf("hcc_ingest")}`);
    context.terminal.out(`HCC_DATABASE_API_URL=${urlOf("hcc_api")}`);
  });
}
