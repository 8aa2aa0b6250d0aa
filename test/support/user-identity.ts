import { chown, mkdtemp, readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";

/** Of a process: empty for whoever runs this one. */
export type UserIdentity = { readonly uid?: number; readonly gid?: number };

/** The user of a Debian package, as which root starts servers that refuse to run as root; anybody else runs them as himself. @throws when there is none */
export async function packageUser(name: string): Promise<UserIdentity> {
  if (userInfo().uid !== 0) return {};
  const line = (await readFile("/etc/passwd", "utf8")).split("\n").find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  if (!uid || !gid) throw new Error(`the user ${name} of Debian's package is missing; its server refuses to run as root`);
  return { uid: Number(uid), gid: Number(gid) };
}

/** A fresh folder in `parent` that belongs to a user. */
export async function folderOf({ uid, gid }: UserIdentity, parent: string, prefix: string): Promise<string> {
  const folder = await mkdtemp(join(parent, prefix));
  if (uid !== undefined) await chown(folder, uid, gid ?? uid);
  return folder;
}
