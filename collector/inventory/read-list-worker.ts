import { parentPort, workerData } from "node:worker_threads";
import { readList } from "./read-list.ts";
import type { ListAnswer, ListJob } from "./read-list-apart.ts";
import { TableRefused } from "./table-refused.ts";

const { given, declared }: ListJob = workerData;
const answer = await readList(given, declared).then(
  (list): ListAnswer => ({ list }),
  (error: unknown): ListAnswer => {
    if (error instanceof TableRefused) return { faults: error.faults };
    throw error;
  },
);
parentPort?.postMessage(answer);
