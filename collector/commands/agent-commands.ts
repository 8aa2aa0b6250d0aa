import { Command } from "commander";
import { AgentId } from "#schemas/ids.ts";
import { acts } from "../people/acts.ts";
import { createDeeds } from "../people/deeds.ts";
import { type AgentState, listAgents, setAgentState } from "../store/agents.ts";
import type { Db } from "../store/db.ts";
import { withStore } from "./centre-commands.ts";
import { byCommand, commandLine } from "./command-line.ts";
import { type CommandContext, type Terminal, UsageError } from "./terminal.ts";

/** `agent list | revoke | release | lost`: who may speak for a centre. A change counts within half a minute at every collector of this database. */
export function agentCommand(context: CommandContext): Command {
  const { out } = context.terminal;
  const agent = new Command("agent").description("the gateway PCs that have enrolled");
  agent
    .command("list")
    .description("all agents: id, centre, state since when and why, last seen")
    .option("--json", "as JSON")
    .action(async ({ json }: { json?: true }) => {
      const agents = await withStore(context, (db) => listAgents(db));
      if (json) out(JSON.stringify({ agents }, undefined, 2));
      else
        for (const { agentId, centre, state, stateReason, lastSeenAt } of agents)
          out([agentId, centre, state, lastSeenAt ?? "-", stateReason ?? ""].join("\t").trimEnd());
    });
  const change = (name: "revoke" | "release", to: AgentState, description: string, said: string) =>
    agent
      .command(`${name} <agent>`)
      .description(description)
      .option("--reason <text>", "kept with the change")
      .action(async (id: string, { reason }: { reason?: string }) => {
        await withStore(context, (db) => changeState(db, id, to, { what: name, reason: reason ?? name }));
        out(`${id} ${said}`);
      });
  change("revoke", "revoked", "refuses an agent for good; a new one needs a new code", "is refused within 30 s");
  change("release", "active", "lets a frozen agent speak again, after somebody has looked", "may speak again within 30 s");
  agent
    .command("lost <centre>")
    .description("a gateway PC is gone: refuses all agents of the centre and lists whose passwords have to change")
    .action(async (centre: string) => {
      await withStore(context, (db) => lost(db, centre, context.terminal));
    });
  return agent;
}

async function changeState(db: Db, id: string, to: AgentState, { what, reason }: { what: "revoke" | "release"; reason: string }): Promise<void> {
  const known = AgentId.safeParse(id).success && (await listAgents(db)).find(({ agentId }) => agentId === id);
  if (!known) throw new UsageError(`there is no agent "${id}"; "agent list" names them`);
  if (to === "active" && known.state === "revoked") throw new UsageError(`${id} was revoked for good; make a new code with "enrol-code ${known.centre}"`);
  await byCommand(db, async (tx, note) => {
    await setAgentState(tx, id, to, { nowMs: Date.now(), reason });
    await note(acts.agentChanged(id, known.centre, what, reason));
  });
}

async function lost(db: Db, centre: string, { out }: Terminal): Promise<void> {
  const gone = await createDeeds({ db, clock: Date.now }).loseGatewayPc(commandLine(), centre);
  if (!gone) throw new UsageError(`there is no centre "${centre}"; "centre list" names them`);
  out(`${gone.agents.length} agents of ${centre} are refused within 30 s`);
  if (gone.devices.length > 0) out("the PC may have held passwords of these devices; change them:");
  for (const { id, role, address, name } of gone.devices) out(`  ${id}\t${role}\t${address}\t${name ?? ""}`.trimEnd());
  if (gone.code !== undefined) out(`a new PC enrols with: hcc-agent enrol ${gone.code} --collector URL`);
}
