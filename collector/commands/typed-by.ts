import { readFileSync } from "node:fs";
import { cleanText } from "#schemas/clean-text.ts";

/** Most of a name that a line of the audit log takes. */
const NAME_MAX = 64;
/** The kernel's word for "nobody signed in": -1 as 32 bits. */
const NO_LOGIN = "4294967295";

/** What a system knows of who typed a command beside the account that it runs as. */
export type Traces = {
  readonly account: string;
  /** SUDO_USER, as the environment says. */
  readonly sudoUser: string | undefined;
  /** The kernel's login uid, which su, sudo and runuser leave as it was. */
  readonly loginUid: string | undefined;
  /** Lines of /etc/passwd. */
  readonly passwd: string;
};

/**
 * A hint at who typed a command: of whom the session is that it came from, or else whom sudo names. Empty where nothing is known or it is the account itself.
 * The account is what the system holds to; whoever is root can make another hint.
 */
export function typedBy({ account, sudoUser, loginUid, passwd }: Traces): string {
  const login = loginUid === undefined || loginUid === NO_LOGIN || !/^\d{1,10}$/.test(loginUid) ? undefined : (nameOf(loginUid, passwd) ?? `uid ${loginUid}`);
  const [how, who] = login === undefined ? ["sudo", nameIn(sudoUser ?? "")] : ["login", login];
  return who === "" || who === account ? "" : ` (${how}: ${who})`;
}

/** The kernel's login uid of this process; undefined where the system keeps none. */
export function ownLoginUid(): string | undefined {
  return readText("/proc/self/loginuid")?.trim();
}

/** The system's own list of users; a directory of the network has others, who are named by number. */
export function localUsers(): string {
  return readText("/etc/passwd") ?? "";
}

function nameOf(uid: string, passwd: string): string | undefined {
  const line = passwd.split("\n").find((one) => one.split(":")[2] === uid);
  const name = nameIn(line?.split(":")[0] ?? "");
  return name === "" ? undefined : name;
}

/** A name that cannot end the bracket in which it stands. */
function nameIn(raw: string): string {
  return cleanText(raw.replace(/[()]/g, ""), NAME_MAX);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
