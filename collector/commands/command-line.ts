import { userInfo } from "node:os";
import type { Act } from "../people/acts.ts";
import type { Doer } from "../people/desk.ts";
import { addDeed } from "../store/audit.ts";
import type { Db } from "../store/db.ts";

/** Whoever may run the collector's commands may do anything here; the audit log says as which of the system's users. */
export function commandLine(): Doer {
  return { who: `command line: ${systemUser()}`, address: "local" };
}

/** Writes into the audit log what a command did. */
export function noteAct(db: Db, act: Act): Promise<void> {
  return addDeed(db, { ...commandLine(), ...act }, Date.now());
}

/** A container may run as a number that no list of users names. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}
