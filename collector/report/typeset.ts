import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { PrintView } from "./print-view.ts";

const template = readFileSync(new URL("./report.typ", import.meta.url), "utf8");
/** The largest province takes a few seconds on a slow machine. */
const TYPESET_MS = 60_000;
/** Reports that wait for their turn; more are refused, so that a crowd of readers cannot fill the memory. */
const QUEUE_MAX = 20;

let waiting = 0;
let last: Promise<unknown> = Promise.resolve();

/** What the worker gets. `atS` dates the file: Unix time, s. */
export type TypesetJob = { readonly template: string; readonly view: string; readonly atS: number };

/**
 * Sets a report for paper as PDF bytes; the same view and instant give the same bytes. One at a time, in a thread of its own,
 * since the compiler holds its thread for a second or so and the collector has agents to answer.
 * @throws Error when too many wait, or when the compiler fails or takes too long.
 */
export function typeset(view: PrintView, at: string): Promise<Buffer> {
  if (waiting >= QUEUE_MAX) return Promise.reject(new Error(`${waiting} reports are being made already; try again in a minute`));
  waiting += 1;
  const job: TypesetJob = { template, view: JSON.stringify(view), atS: Math.floor(Date.parse(at) / 1_000) };
  const mine = last.then(() => inThread(job));
  last = mine
    .catch(() => undefined)
    .finally(() => {
      waiting -= 1;
    });
  return mine;
}

async function inThread(job: TypesetJob): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const worker = new Worker(new URL("./typeset-worker.ts", import.meta.url), { workerData: job });
  worker.once("message", (pdf: Uint8Array) => resolve(Buffer.from(pdf)));
  worker.once("error", reject);
  worker.once("exit", (code) => reject(new Error(`the typesetter ended with ${code}`)));
  const late = setTimeout(() => reject(new Error(`the typesetter took more than ${TYPESET_MS / 1_000} s`)), TYPESET_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    await worker.terminate();
  }
}
