import { z } from "zod";
import { cleanText } from "#schemas/clean-text.ts";
import { Network } from "#schemas/target.ts";
import { text } from "#schemas/text/text.ts";
import type { Settings } from "../config.ts";
import { discover } from "../discover/discover.ts";
import { createIo } from "../io/io.ts";
import { searchedNetworks } from "../subnets.ts";
import { exitCodes, type Terminal, UsageError } from "../terminal.ts";

export type DiscoverFlags = { readonly json?: boolean; readonly network?: string; readonly snmpPort?: string };

const Port = z.coerce.number().int().min(1).max(65_535);

function parsed<Value>(type: z.ZodType<Value>, given: string, fault: "agent.discover.bad_network" | "agent.discover.bad_port"): Value {
  const result = type.safeParse(given);
  if (result.success) return result.data;
  throw new UsageError((lang) => text(lang, fault, { given: cleanText(given) }));
}

/** Looks for devices inside the allowed networks and prints what it proposes; nothing is added by itself. */
export async function discoverCommand(settings: Settings, terminal: Terminal, { json = false, network, snmpPort }: DiscoverFlags): Promise<number> {
  const { lang, local } = settings;
  const subnets = network === undefined ? searchedNetworks(local) : [parsed(Network, network, "agent.discover.bad_network")];
  const port = snmpPort === undefined ? undefined : parsed(Port, snmpPort, "agent.discover.bad_port");
  if (subnets.length === 0) throw new UsageError((lang) => text(lang, "agent.discover.no_network"));
  const spinning = terminal.animates && !json;
  const proposals = await discover({
    io: createIo(),
    signal: terminal.stop,
    subnets,
    ...(port !== undefined && { snmpPort: port }),
    onProgress: ({ stage, done, total }) => {
      if (spinning) terminal.err(`\r\u001b[K${text(lang, `agent.discover.${stage}`)} ${done}/${total}`);
    },
  });
  if (spinning) terminal.err("\r\u001b[K");
  if (json) {
    terminal.out(`${JSON.stringify({ subnets, proposals })}\n`);
    return exitCodes.ok;
  }
  for (const { device, faces, sources } of proposals) {
    const { address = "", role, name = "", vendor = "", model = "" } = device;
    terminal.out(
      `${address.padEnd(16)} ${role.padEnd(13)} ${[name, vendor, model].filter(Boolean).join(" / ").padEnd(40)} ${faces.join("+")} (${sources.join(", ")})\n`,
    );
  }
  terminal.err(`${text(lang, "agent.discover.found", { count: proposals.length, networks: subnets.join(", ") })}\n`);
  return exitCodes.ok;
}
