import { userInfo } from "node:os";
import { readSudoUser } from "../config.ts";
import { createDeeds, type Deeds } from "../people/deeds.ts";
import { type Act, audited, type Doer } from "../store/audit.ts";
import type { Db } from "../store/db.ts";
import { localUsers, ownLoginUid, typedBy } from "./typed-by.ts";

/**
 * Whoever may run the collector's commands may do anything here; the audit log says as which of the system's users, and who seems to have typed it, since
 * many become one user to do so.
 */
export function commandLine(): Doer {
  const account = systemUser();
  const hint = typedBy({ account, sudoUser: readSudoUser(), loginUid: ownLoginUid(), passwd: localUsers() });
  return { who: `command line: ${account}${hint}`, address: "local" };
}

/** What people do on pages and at the command line alike. */
export function deedsOn(db: Db): Deeds {
  return createDeeds({ db, clock: Date.now });
}

/** What a command does and its lines in the audit log, which `work` adds by `note`: together or not at all. */
export function byCommand<T>(db: Db, work: (tx: Db, note: (act: Act) => Promise<void>) => Promise<T>): Promise<T> {
  return audited(db, commandLine(), Date.now(), work);
}

/** A container may run as a number that no list of users names. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}
