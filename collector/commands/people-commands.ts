import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { Command } from "commander";
import { vietnamDay } from "#schemas/calendar.ts";
import { text } from "#schemas/text/text.ts";
import { createPeopleDesk, type PeopleDesk } from "../people/desk.ts";
import { parsePerson } from "../people/person-input.ts";
import { passwordLink } from "../routes/people.ts";
import { verifyAudit } from "../store/audit.ts";
import { findSite } from "../store/sites.ts";
import { withStore } from "./centre-commands.ts";
import { commandLine } from "./command-line.ts";
import { pageOf, sayPart, withPages } from "./list-page.ts";
import { type CommandContext, type Terminal, UsageError } from "./terminal.ts";

type Added = { login: string; name: string; roles: string; centre?: string; until?: string; prompt?: true };

const switches = { disable: "refuses an account and ends its sessions", enable: "lets a disabled account in again" } as const;

/** `people add | list | disable | enable | end-factor | reset`: accounts. A password comes by a one-time link or a prompt, never by the command line. */
export function peopleCommand(context: CommandContext): Command {
  const { terminal } = context;
  const people = new Command("people").alias("user").description("accounts of people");
  people
    .command("add")
    .description("makes an account and prints the one-time link by which its owner sets a password")
    .requiredOption("--login <name>", "user name")
    .requiredOption("--name <name>", "name as it stands beside what the person declares")
    .requiredOption("--roles <list>", "viewer, operator, inspector, admin, commune, auditor; several with commas")
    .option("--centre <code>", "the only centre that the person may see")
    .option("--until <date>", "last day of the account, YYYY-MM-DD")
    .option("--prompt", "asks for the password here instead of printing a one-time link")
    .action(({ roles, prompt, ...fields }: Added) =>
      withDesk(context, async (desk, centreExists) => {
        const parsed = parsePerson({ ...fields, roles: roles.split(",").map((role) => role.trim()) }, vietnamDay(Date.now()));
        const { lang, publicUrl } = context.config();
        if (!parsed.ok) throw new UsageError(parsed.errors.map(({ field, key, params }) => `${field}: ${text(lang, key, params)}`).join("\n"));
        const { login, centre } = parsed.value;
        if (centre !== undefined && !(await centreExists(centre))) throw new UsageError(`centre: ${text(lang, "form.error.centre")}`);
        const link = await desk.add(parsed.value, commandLine());
        if (link === undefined) throw new UsageError(`login: ${text(lang, "people.fault.taken")}`);
        await handOut(context, desk, login, passwordLink(publicUrl, link), prompt);
      }),
    );
  withPages(people.command("list"), context.lang)
    .description("all accounts: login, name, roles, centre, whether disabled")
    .action((asked: { page: string }) =>
      withDesk(context, async (desk) => {
        const part = await desk.list(pageOf(asked));
        for (const { login, name, roles, centreCode, disabled } of part.rows)
          terminal.out([login, name, roles.join(","), centreCode ?? "", disabled ? "disabled" : ""].join("  ").trimEnd());
        sayPart(context, part);
      }),
    );
  for (const [action, description] of Object.entries(switches))
    people
      .command(`${action} <login>`)
      .description(description)
      .action((login: string) =>
        withDesk(context, async (desk) => {
          if (!(await desk.disable(login, action === "disable", commandLine()))) throw new UsageError(`there is no account ${login}`);
        }),
      );
  people
    .command("end-factor <login>")
    .description("forgets a second factor whose phone is lost; its owner sets up another at the next login")
    .action((login: string) =>
      withDesk(context, async (desk) => {
        if (!(await desk.endFactor(login, commandLine()))) throw new UsageError(`there is no account ${login} with a second factor`);
      }),
    );
  people
    .command("reset <login>")
    .description("prints a one-time link for a new password")
    .option("--prompt", "asks for the password here instead of printing a one-time link")
    .action((login: string, { prompt }: { prompt?: true }) =>
      withDesk(context, async (desk) => {
        const link = await desk.reset(login, commandLine());
        if (link === undefined) throw new UsageError(`there is no account ${login} with a password of its own`);
        await handOut(context, desk, login, passwordLink(context.config().publicUrl, link), prompt);
      }),
    );
  return people;
}

/** `audit verify`: walks the chain of the audit log. */
export function auditCommand(context: CommandContext): Command {
  const audit = new Command("audit").description("what people did");
  audit
    .command("verify")
    .description("walks the chain of the log: whether a row was changed or taken out")
    .action(() =>
      withStore(context, async (db) => {
        const chain = await verifyAudit(db);
        if (!chain.ok) throw new UsageError(text(context.config().lang, "audit.broken", { place: chain.place }));
        context.terminal.out(`${text(context.config().lang, "audit.whole", { rows: chain.rows })} ${chain.head}`);
      }),
    );
  return audit;
}

async function withDesk(context: CommandContext, work: (desk: PeopleDesk, centreExists: (code: string) => Promise<boolean>) => Promise<void>): Promise<void> {
  await withStore(context, (db) => work(createPeopleDesk({ db, clock: Date.now }), async (code) => (await findSite(db, code)) !== undefined));
}

async function handOut({ terminal, config }: CommandContext, desk: PeopleDesk, login: string, link: string, prompt: true | undefined): Promise<void> {
  const { lang } = config();
  if (!prompt) {
    terminal.out(text(lang, "people.link", { login }));
    terminal.out(link);
    return;
  }
  const fault = await desk.putPassword(login, await askSilently(terminal, `${text(lang, "people.password")}: `), commandLine());
  if (fault) throw new UsageError(fault === "unknown" ? `there is no account ${login}` : text(lang, `people.fault.${fault}`));
}

/** Asks for one line without showing what is typed; takes a piped line too. */
async function askSilently({ stdin, err }: Terminal, question: string): Promise<string> {
  err(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const asking = createInterface({ input: stdin, output: nowhere, terminal: "isTTY" in stdin && stdin.isTTY === true });
  try {
    return await asking.question("");
  } finally {
    asking.close();
    stdin.destroy();
  }
}
