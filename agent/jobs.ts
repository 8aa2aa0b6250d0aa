import type { Assignment } from "#schemas/agent-config.ts";
import type { Outcome, ProbeKind } from "#schemas/observation.ts";
import { firstDueMs, nextDueMs, retryDueMs, retryMs, type Timing } from "./schedule.ts";

/** What came of one run, and when to ask again if that is not the ordinary time. */
export type Finished = { readonly outcome: Outcome; readonly atMs: number; readonly retryAfterMs?: number | undefined };
type Job = { assignment: Assignment; dueMs: number; running: boolean; last?: Finished };

export type JobsOptions = {
  readonly timing: () => Timing;
  readonly steadyMs: () => number;
  /** Runs an assignment once; must not reject. */
  readonly run: (assignment: Assignment, stop: AbortSignal) => Promise<Finished>;
  /** Age of an assignment's last run before this start, ms. */
  readonly lastRunAgeMs: (assignment: Assignment) => number | undefined;
};

const SLOTS = 4;
/** A time of day that moves further than this between two looks was wrong before, ms. */
const ANCHOR_MOVED_MS = 60_000;
/** A full line spoils these, and they spoil a measurement of the line: on Windows `host` starts programs that take the processor from it. */
const disturbed: ReadonlySet<ProbeKind> = new Set<ProbeKind>(["host", "link-quality", "portal-http"]);

/** A small recorder has few sessions and little time: whatever asks cameras and recorders goes one after the other. */
export const oneAtATime: ReadonlySet<ProbeKind> = new Set<ProbeKind>(["camera-presence", "camera-stream", "recording-depth", "recording-watch", "vms-link"]);

/** Starts each assignment when it is due: a few at a time, none twice at once, nothing beside a speed test that would disturb it. */
export class Jobs {
  readonly #options: JobsOptions;
  #jobs = new Map<string, Job>();
  #anchorMs: number;
  readonly #running = new Set<Promise<void>>();

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#anchorMs = options.timing().anchorMs;
  }

  /** Takes over a new list. What goes on keeps its time, what is new runs soon. */
  update(assignments: readonly Assignment[]): void {
    const now = this.#options.steadyMs();
    const { lastRunAgeMs } = this.#options;
    const timing = this.#options.timing();
    this.#jobs = new Map(
      assignments.map((assignment) => {
        const known = this.#jobs.get(assignment.id);
        if (known === undefined) return [assignment.id, { assignment, dueMs: firstDueMs(assignment, now, timing, lastRunAgeMs(assignment)), running: false }];
        known.assignment = assignment;
        return [assignment.id, known];
      }),
    );
  }

  /** Starts what is due, the longest overdue first. */
  tick(stop: AbortSignal): void {
    const now = this.#options.steadyMs();
    this.#keepWindows(now);
    const due = [...this.#jobs.values()].filter(({ dueMs, running }) => !running && dueMs <= now).sort((a, b) => a.dueMs - b.dueMs);
    for (const job of due) {
      if (this.#running.size >= SLOTS) return;
      if (!this.#isDisturbed(job.assignment.probe)) this.#start(job, stop);
    }
  }

  /** Moves what waits for a window into the right one when the time of day turns out to have been wrong. */
  #keepWindows(now: number): void {
    const timing = this.#options.timing();
    const isMoved = Math.abs(timing.anchorMs - this.#anchorMs) > ANCHOR_MOVED_MS;
    this.#anchorMs = timing.anchorMs;
    if (!isMoved) return;
    for (const job of this.#jobs.values()) if (job.dueMs - now > ANCHOR_MOVED_MS) job.dueMs = retryDueMs(job.assignment, job.dueMs, 0, timing);
  }

  #isDisturbed(probe: ProbeKind): boolean {
    const running = [...this.#jobs.values()].filter((job) => job.running).map((job) => job.assignment.probe);
    if (oneAtATime.has(probe)) return running.some((other) => oneAtATime.has(other));
    if (probe === "link-bandwidth") return running.some((other) => disturbed.has(other) || other === "link-bandwidth");
    return disturbed.has(probe) && running.includes("link-bandwidth");
  }

  #start(job: Job, stop: AbortSignal): void {
    job.running = true;
    const run = this.#options.run(job.assignment, stop).then((finished) => {
      const now = this.#options.steadyMs();
      job.running = false;
      job.last = finished;
      const timing = this.#options.timing();
      job.dueMs = nextDueMs(job.assignment, now, timing);
      const retryAfterMs = finished.retryAfterMs ?? retryMs(job.assignment, finished.outcome.kind);
      if (retryAfterMs !== undefined) job.dueMs = Math.min(job.dueMs, retryDueMs(job.assignment, now, retryAfterMs, timing));
    });
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
  }

  /** What each assignment did last and when it is due again, for the status. */
  list(): { assignment: Assignment; dueMs: number; running: boolean; last?: Finished }[] {
    return [...this.#jobs.values()];
  }

  /** Resolves when no run is under way. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#running);
  }
}
