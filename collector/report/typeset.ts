import { readFileSync } from "node:fs";
import { threadQueue } from "../thread-queue.ts";
import type { PrintView } from "./print-view.ts";

const template = readFileSync(new URL("./report.typ", import.meta.url), "utf8");

/** What the worker gets. `atS` dates the file: Unix time, s. */
export type TypesetJob = { readonly template: string; readonly view: string; readonly atS: number };

const inThread = threadQueue<TypesetJob, Uint8Array>({
  file: new URL("./typeset-worker.ts", import.meta.url),
  who: "the typesetter",
  queueMax: 20,
  // The largest province takes a few seconds on a slow machine.
  limitMs: 60_000,
});

/**
 * Sets a report for paper as PDF bytes; the same view and instant give the same bytes. One at a time, in a thread of its own.
 * @throws Error when too many wait, or when the compiler fails or takes too long.
 */
export async function typeset(view: PrintView, at: string): Promise<Buffer> {
  return Buffer.from(await inThread({ template, view: JSON.stringify(view), atS: Math.floor(Date.parse(at) / 1_000) }));
}
