import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { Command } from "commander";
import { vietnamDay } from "#schemas/calendar.ts";
import { Role } from "#schemas/person.ts";
import { text } from "#schemas/text/text.ts";
import { chainSentence } from "../people/chain-sentence.ts";
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

/** `people add | list | disable | enable | end-factor | reset`: accounts. A password comes by a one-time link or a prompt, never by the command line. */
export function peopleCommand(context: CommandContext): Command {
  const { lang, terminal } = context;
  const people = new Command("people").alias("user").description(text(lang, "collector.people.about"));
  people
    .command("add")
    .description(text(lang, "collector.people.add.about"))
    .requiredOption("--login <name>", text(lang, "collector.people.add.login"))
    .requiredOption("--name <name>", text(lang, "collector.people.add.name"))
    .requiredOption("--roles <list>", text(lang, "collector.people.add.roles", { roles: Role.options.join(", ") }))
    .option("--centre <code>", text(lang, "collector.people.add.centre"))
    .option("--until <date>", text(lang, "collector.people.add.until"))
    .option("--prompt", text(lang, "collector.option.prompt"))
    .action(({ roles, prompt, ...fields }: Added) =>
      withDesk(context, async (desk, centreExists) => {
        const parsed = parsePerson({ ...fields, roles: roles.split(",").map((role) => role.trim()) }, vietnamDay(Date.now()));
        if (!parsed.ok) throw new UsageError(parsed.errors.map(({ field, key, params }) => `${field}: ${text(lang, key, params)}`).join("\n"));
        const { login, centre } = parsed.value;
        if (centre !== undefined && !(await centreExists(centre))) throw new UsageError(`centre: ${text(lang, "form.error.centre")}`);
        const link = await desk.add(parsed.value, commandLine());
        if (link === undefined) throw new UsageError(`login: ${text(lang, "people.fault.taken")}`);
        await handOut(context, desk, login, passwordLink(context.config().publicUrl, link), prompt);
      }),
    );
  withPages(people.command("list"), context.lang)
    .description(text(lang, "collector.people.list.about"))
    .action((asked: { page: string }) =>
      withDesk(context, async (desk) => {
        const part = await desk.list(pageOf(asked, lang));
        for (const { login, name, roles, centreCode, disabled } of part.rows)
          terminal.out([login, name, roles.join(","), centreCode ?? "", disabled ? "disabled" : ""].join("  ").trimEnd());
        sayPart(context, part);
      }),
    );
  for (const action of ["disable", "enable"] as const)
    people
      .command(`${action} <login>`)
      .description(text(lang, `collector.people.${action}.about`))
      .action((login: string) =>
        withDesk(context, async (desk) => {
          if (!(await desk.disable(login, action === "disable", commandLine()))) throw new UsageError(text(lang, "collector.people.none", { login }));
        }),
      );
  people
    .command("end-factor <login>")
    .description(text(lang, "collector.people.end-factor.about"))
    .action((login: string) =>
      withDesk(context, async (desk) => {
        if (!(await desk.endFactor(login, commandLine()))) throw new UsageError(text(lang, "collector.people.no-factor", { login }));
      }),
    );
  people
    .command("reset <login>")
    .description(text(lang, "collector.people.reset.about"))
    .option("--prompt", text(lang, "collector.option.prompt"))
    .action((login: string, { prompt }: { prompt?: true }) =>
      withDesk(context, async (desk) => {
        const link = await desk.reset(login, commandLine());
        if (link === undefined) throw new UsageError(text(lang, "collector.people.no-password", { login }));
        await handOut(context, desk, login, passwordLink(context.config().publicUrl, link), prompt);
      }),
    );
  return people;
}

/** `audit verify`: walks the chain of the audit log. */
export function auditCommand(context: CommandContext): Command {
  const { lang } = context;
  const audit = new Command("audit").description(text(lang, "collector.audit.about"));
  audit
    .command("verify")
    .description(text(lang, "collector.audit.verify.about"))
    .action(() =>
      withStore(context, async (db) => {
        const chain = await verifyAudit(db);
        if (!chain.ok) throw new UsageError(chainSentence(lang, chain));
        context.terminal.out(`${chainSentence(lang, chain)} ${chain.head}`);
      }),
    );
  return audit;
}

async function withDesk(context: CommandContext, work: (desk: PeopleDesk, centreExists: (code: string) => Promise<boolean>) => Promise<void>): Promise<void> {
  await withStore(context, (db) => work(createPeopleDesk({ db, clock: Date.now }), async (code) => (await findSite(db, code)) !== undefined));
}

async function handOut({ terminal, lang }: CommandContext, desk: PeopleDesk, login: string, link: string, prompt: true | undefined): Promise<void> {
  if (!prompt) {
    terminal.out(text(lang, "people.link", { login }));
    terminal.out(link);
    return;
  }
  const fault = await desk.putPassword(login, await askSilently(terminal, `${text(lang, "people.password")}: `), commandLine());
  if (fault) throw new UsageError(fault === "unknown" ? text(lang, "collector.people.none", { login }) : text(lang, `people.fault.${fault}`));
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
