import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { platform, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { StoreError } from "./store-error.ts";

/** As whom the database server runs: with another uid, or behind a program that maps it, or simply as we do. */
export type ServerUser = { readonly uid?: number; readonly gid?: number; readonly prefix: readonly string[] };

const run = promisify(execFile);
const asWeAre: ServerUser = { prefix: [] };
/** A user namespace in which root's own files belong to `nobody`: PostgreSQL sees no root, the kernel still does. */
const mapped: ServerUser = { prefix: ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"] };

/**
 * PostgreSQL refuses to run as root. As root the server gets the user `postgres` or `nobody`, if that user can reach the program and
 * the folder (both often lie below /root, where nobody else may go), else a user namespace. A cluster that exists keeps its owner.
 * @throws StoreError when none of them works.
 */
export async function userForServer(bin: string, folder: string): Promise<ServerUser> {
  if (platform() === "win32" || userInfo().uid !== 0) return asWeAre;
  const owner = await stat(join(folder, "postgres")).catch(() => undefined);
  if (owner?.uid === 0) return mapped;
  if (owner) return { uid: owner.uid, gid: owner.gid, prefix: [] };
  for (const name of ["postgres", "nobody"]) {
    const user = await userNamed(name);
    if (user && (await canReach(user, bin, folder))) return user;
  }
  if (await works(mapped, join(bin, "pg_ctl"), ["--version"])) return mapped;
  throw new StoreError("store.no_user", { bin, folder });
}

async function userNamed(name: string): Promise<ServerUser | undefined> {
  const line = (await readFile("/etc/passwd", "utf8")).split("\n").find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid), prefix: [] } : undefined;
}

async function canReach(user: ServerUser, bin: string, folder: string): Promise<boolean> {
  return (await works(user, join(bin, "pg_ctl"), ["--version"])) && (await works(user, "test", ["-x", folder]));
}

async function works(user: ServerUser, program: string, words: readonly string[]): Promise<boolean> {
  const [command = program, ...rest] = [...user.prefix, program, ...words];
  const identity = user.uid === undefined ? {} : { uid: user.uid, gid: user.gid ?? user.uid };
  return run(command, rest, { ...identity, cwd: "/", timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}
