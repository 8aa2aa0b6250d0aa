import { statfs } from "node:fs/promises";
import { resolve } from "node:path";
import type { Part } from "./part.ts";

const UNNAMED = "data";

/** The disk that holds `path`. Neither its readings nor its errors say the path: folders are named after people. */
export async function diskPart(path: string): Promise<Part> {
  const { bavail, blocks, bsize } = await statfs(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`the disk does not tell its size (${error.code})`);
  });
  if (!(blocks > 0)) throw new Error("the disk tells no size");
  const labels = { disk: diskLabel(resolve(path)) };
  return {
    readings: [
      { metric: "host_disk_free_bytes", value: bavail * bsize, labels },
      { metric: "host_disk_free_percent", value: Math.round((bavail / blocks) * 10_000) / 100, labels },
    ],
  };
}

/** The drive of an absolute Windows path (`C:`), else one word for the disk of the agent's data: a mount point may be named after a person, too. */
export function diskLabel(path: string): string {
  return /^[a-z]:(?=\\|$)/i.exec(path)?.[0].toUpperCase() ?? UNNAMED;
}
