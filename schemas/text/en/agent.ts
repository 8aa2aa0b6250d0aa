import type { agent as vi } from "../vi/agent.ts";

export const agent: Record<keyof typeof vi, string> = {
  "agent.about": "Agent that watches the infrastructure of a commune's public-administration centre",
  "agent.option.config": "configuration file hcc-agent.json",
  "agent.option.json": "print JSON data only on stdout",
  "agent.command.probe": "run one probe once and print its outcome",
  "agent.option.list": "list the kinds of probes",
  "agent.option.options": "options as JSON, @file, or - to read standard input",
  "agent.probe.measured": "{probe}: measured.",
  "agent.probe.failed": "{probe}: could not ask; the reason stands in the outcome above.",
  "agent.probe.skipped": "{probe}: this run was skipped; the reason stands in the outcome above.",
  "agent.command.creds": "manage device credentials kept on this PC",
  "agent.command.creds.add": "add or replace a credential; read from the keyboard or stdin, never from an argument",
  "agent.command.creds.list": "list the names of stored credentials",
  "agent.command.creds.remove": "remove a credential",
  "agent.creds.prompt": 'Value for "{name}" (not shown): ',
  "agent.creds.added": '"{name}" is stored.',
  "agent.creds.removed": '"{name}" is removed.',
  "agent.creds.none": 'There is no "{name}" to remove.',
};
