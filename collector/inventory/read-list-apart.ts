import { text } from "#schemas/text/text.ts";
import { QueueFull, threadQueue } from "../thread-queue.ts";
import type { DeclaredFor } from "./centre-changes.ts";
import type { List, ListFile } from "./read-list.ts";
import { TableRefused } from "./table-refused.ts";

/** What the thread gets, and what it answers. */
export type ListJob = { readonly given: ListFile; readonly declared: DeclaredFor };
export type ListAnswer = { readonly list: List } | { readonly faults: readonly string[] };

const inThread = threadQueue<ListJob, ListAnswer>({
  file: new URL("./read-list-worker.ts", import.meta.url),
  who: "the reader of lists",
  queueMax: 5,
  limitMs: 30_000,
  // The largest list that is taken needs a third of it.
  resourceLimits: { maxOldGenerationSizeMb: 1_024 },
});

/**
 * `readList` in a thread of its own, with bounds of time and memory: a hostile file holds up no agent and ends no collector.
 * @throws TableRefused, also for a file beyond these bounds, and QueueFull where too many lists wait
 */
export async function readListApart(given: ListFile, declared: DeclaredFor): Promise<List> {
  const answer = await inThread({ given, declared }).catch((cause: unknown) => {
    throw cause instanceof QueueFull ? cause : new TableRefused([text(given.lang, "lists.fault.unread", { file: given.file })], { cause });
  });
  if ("faults" in answer) throw new TableRefused(answer.faults);
  return answer.list;
}
