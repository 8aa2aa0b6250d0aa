import { type ResourceLimits, Worker } from "node:worker_threads";

export type ThreadWork = {
  /** The file that a thread runs: it finds its job in `workerData`, posts one answer and ends. */
  readonly file: URL;
  /** Who does the work, in the words of an error. */
  readonly who: string;
  /** Jobs that wait for their turn or are under way; more are refused, so that a crowd cannot fill the memory. */
  readonly queueMax: number;
  readonly limitMs: number;
  readonly resourceLimits?: ResourceLimits;
};

/** That so many jobs wait that one more was not taken. */
export class QueueFull extends Error {
  override readonly name = "QueueFull";
}

/**
 * Does what holds its thread for a second or more in a thread of its own, one job at a time, since the collector has agents to answer. The function that
 * it gives answers with what the thread posts. @throws QueueFull when too many wait, Error when the thread fails or takes too long
 */
export function threadQueue<Job, Answer>({ file, who, queueMax, limitMs, resourceLimits = {} }: ThreadWork): (job: Job) => Promise<Answer> {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();

  async function inThread(job: Job): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const worker = new Worker(file, { workerData: job, resourceLimits });
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`${who} ended with ${code}`)));
    const late = setTimeout(() => reject(new Error(`${who} took more than ${limitMs / 1_000} s`)), limitMs);
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      await worker.terminate();
    }
  }

  return (job) => {
    if (waiting >= queueMax) return Promise.reject(new QueueFull(`${waiting} jobs of ${who} wait already; try again in a minute`));
    waiting += 1;
    const mine = last.then(() => inThread(job));
    last = mine
      .catch(() => undefined)
      .finally(() => {
        waiting -= 1;
      });
    return mine;
  };
}
