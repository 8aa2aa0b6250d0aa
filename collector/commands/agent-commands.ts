import { Command } from "commander";
import { AgentId } from "#schemas/ids.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { lineName } from "../lease/slots.ts";
import { acts } from "../people/acts.ts";
import { PointUnsaid } from "../people/lost-pc.ts";
import { type AgentState, listAgents, setAgentState } from "../store/agents.ts";
import type { Db } from "../store/db.ts";
import { withStore } from "./centre-commands.ts";
import { byCommand, commandLine, deedsOn } from "./command-line.ts";
import { requirePoint } from "./enrol-code-command.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** `agent list | revoke | release | lost`: who may speak for a centre. A change counts within half a minute at every collector of this database. */
export function agentCommand(context: CommandContext): Command {
  const { lang } = context;
  const { out } = context.terminal;
  const agent = new Command("agent").description(text(lang, "collector.agent.about"));
  agent
    .command("list")
    .description(text(lang, "collector.agent.list.about"))
    .option("--json", text(lang, "agent.option.json"))
    .action(async ({ json }: { json?: true }) => {
      const agents = await withStore(context, (db) => listAgents(db));
      if (json) out(JSON.stringify({ agents }, undefined, 2));
      else
        for (const { agentId, centre, point, state, stateReason, lastSeenAt } of agents)
          out([agentId, lineName(centre, point), state, lastSeenAt ?? "-", stateReason ?? ""].join("\t").trimEnd());
    });
  const change = (name: "revoke" | "release", to: AgentState, said: TextKey) =>
    agent
      .command(`${name} <agent>`)
      .description(text(lang, `collector.agent.${name}.about`))
      .option("--reason <text>", text(lang, "collector.agent.reason"))
      .action(async (id: string, { reason }: { reason?: string }) => {
        await withStore(context, (db) => changeState(db, lang, id, to, { what: name, reason: reason ?? name }));
        out(text(lang, said, { agent: id }));
      });
  change("revoke", "revoked", "collector.agent.revoked");
  change("release", "active", "collector.agent.released");
  agent
    .command("lost <centre>")
    .description(text(lang, "collector.agent.lost.about"))
    .option("--point <code>", text(lang, "collector.agent.lost.point"))
    .action(async (centre: string, { point }: { point?: string }) => {
      if (point !== undefined) requirePoint(lang, point);
      await withStore(context, (db) => lost(db, centre, point, context));
    });
  return agent;
}

type Change = { readonly what: "revoke" | "release"; readonly reason: string };

async function changeState(db: Db, lang: Lang, id: string, to: AgentState, { what, reason }: Change): Promise<void> {
  const known = AgentId.safeParse(id).success && (await listAgents(db)).find(({ agentId }) => agentId === id);
  if (!known) throw new UsageError(text(lang, "collector.agent.none", { agent: id }));
  if (to === "active" && known.state === "revoked") throw new UsageError(text(lang, "collector.agent.gone", { agent: id, centre: known.centre }));
  await byCommand(db, async (tx, note) => {
    await setAgentState(tx, id, to, { nowMs: Date.now(), reason });
    await note(acts.agentChanged(id, known.centre, what, reason));
  });
}

async function lost(db: Db, centre: string, point: string | undefined, { config, lang, terminal: { out } }: CommandContext): Promise<void> {
  const gone = await deedsOn(db)
    .loseGatewayPc(commandLine(), centre, point)
    .catch((error: unknown) => {
      if (!(error instanceof PointUnsaid)) throw error;
      throw new UsageError(text(lang, "collector.agent.lost.which", { points: error.points.join(", ") }));
    });
  if (!gone) throw new UsageError(text(lang, "inventory.fault.centre", { value: centre }));
  out(text(lang, "lostPc.done", { count: gone.agents.length, name: centre }));
  out(text(lang, gone.devices.length === 0 ? "lostPc.step.noDevices" : "lostPc.step.devices"));
  for (const { id, role, address, name } of gone.devices) out(`  ${id}\t${role}\t${address}\t${name ?? ""}`.trimEnd());
  if (gone.code === undefined) return;
  out(text(lang, "lostPc.step.enrol"));
  out(`hcc-agent enrol ${gone.code.code} --collector ${config().publicUrl}`);
}
