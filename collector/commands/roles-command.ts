import { Command } from "commander";
import { acts } from "../people/acts.ts";
import { urlForUser } from "../store/database-address.ts";
import { dbRoles, makeRoles } from "../store/roles.ts";
import { withStore } from "./centre-commands.ts";
import { byCommand } from "./command-line.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `roles`: makes the database's lesser roles, or gives them new passwords, and prints the settings with which `serve` uses them. */
export function rolesCommand(context: CommandContext): Command {
  return new Command("roles").description("makes the roles hcc_ingest and hcc_api of the database and prints their settings, once").action(async () => {
    const { databaseUrl } = context.config();
    if (databaseUrl === undefined) throw new UsageError("roles: DATABASE_URL names no server; the embedded database has one user");
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
