import { open } from "node:fs/promises";

/** Makes the names in a folder last. Windows cannot open a folder for this and journals names itself. @throws what the system says */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}
