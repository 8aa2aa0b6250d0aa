import { userInfo } from "node:os";
import { afterEach, expect, it } from "vitest";
import { commandLine } from "../../../collector/commands/command-line.ts";
import { ownLoginUid, typedBy } from "../../../collector/commands/typed-by.ts";

const passwd = "root:x:0:0:root:/root:/bin/bash\nlan:x:1000:1000:Lan,,,:/home/lan:/bin/bash\nhcc:x:998:998::/var/lib/hcc-watch:/usr/sbin/nologin\n";
const none = "4294967295";

it.each<[string, string | undefined, string | undefined, string]>([
  ["a session of somebody, through sudo and runuser", "1000", "lan", " (login: lan)"],
  ["a session whose user says that sudo had another", "1000", "mai", " (login: lan)"],
  ["a user of a directory in the network", "20015", undefined, " (login: uid 20015)"],
  ["sudo where the system keeps no login uid", none, "mai", " (sudo: mai)"],
  ["sudo on a system without /proc", undefined, "mai", " (sudo: mai)"],
  ["a timer of the system", none, undefined, ""],
  ["the account itself", "998", "hcc", ""],
  ["a name with what would forge a line", none, "mai)\n\u202ecommand line: root", " (sudo: mai command line: root)"],
  ["a name without an end", none, "x".repeat(999), ` (sudo: ${"x".repeat(64)})`],
  ["no number", "-1; rm", undefined, ""],
])("names who typed a command: %s", (_, loginUid, sudoUser, expected) => {
  expect(typedBy({ account: "hcc", sudoUser, loginUid, passwd })).toBe(expected);
});

const before = process.env.SUDO_USER;
afterEach(() => {
  if (before === undefined) delete process.env.SUDO_USER;
  else process.env.SUDO_USER = before;
});

it.skipIf(![undefined, none].includes(ownLoginUid()))("stands beside the account, which is what the system holds to", () => {
  process.env.SUDO_USER = "mai";
  expect(commandLine()).toEqual({ who: `command line: ${userInfo().username} (sudo: mai)`, address: "local" });
});
