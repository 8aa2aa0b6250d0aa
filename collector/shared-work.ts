import { QueueFull } from "./thread-queue.ts";

type SharedWork = {
  /** What is made, in the words of an error. */
  readonly what: string;
  /** Works that wait or are under way; more are refused, so that a crowd cannot fill the memory. */
  readonly queueMax: number;
  /** A clock that only goes forward. */
  readonly steadyMs?: () => number;
};

/** How old what was read for another may be, ms. */
export const YOUNG_MS = 3_000;

/**
 * Makes large things one at a time. The function that it gives answers those who ask for the same under one name with the same, while it waits or is young; who asks
 * later gets the next one, so that nobody misses what was stored before the question. One name stands for one kind of answer. @throws QueueFull when too many wait, and as the work does
 */
export function sharedWork({ what, queueMax, steadyMs = () => performance.now() }: SharedWork) {
  type Work = { beganMs: number | undefined; readonly answer: Promise<unknown> };
  const works = new Map<string, Work>();
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();

  function begin(name: string, make: () => Promise<unknown>): Work {
    if (waiting >= queueMax) throw new QueueFull(`${waiting} ${what} wait already; try again in a minute`);
    waiting += 1;
    const run = () => {
      work.beganMs = steadyMs();
      return make();
    };
    const end = () => {
      waiting -= 1;
      if (works.get(name) === work) works.delete(name);
    };
    const work: Work = { beganMs: undefined, answer: last.then(run).finally(end) };
    works.set(name, work);
    last = work.answer.catch(() => undefined);
    return work;
  }

  return async <Answer>(name: string, make: () => Promise<Answer>): Promise<Answer> => {
    const known = works.get(name);
    const isYoung = known !== undefined && (known.beganMs === undefined || steadyMs() - known.beganMs < YOUNG_MS);
    return (isYoung ? known : begin(name, make)).answer as Promise<Answer>;
  };
}
