import { z } from "zod";
import { dayAfter, vietnamDay, vietnamDayStartMs } from "./calendar.ts";
import { Code, RequirementId } from "./ids.ts";

/**
 * What happens to problems while work is announced. Measuring and recoveries go on in each.
 * `skip`: none is opened; `mute`: they are opened and nobody is told; `run`: told as ever, the window is only written down.
 */
export const maintenanceModes = ["skip", "mute", "run"] as const;
export const MaintenanceMode = z.enum(maintenanceModes);
export type MaintenanceMode = z.infer<typeof MaintenanceMode>;

const DAY_MS = 86_400_000;
const ClockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);

/** Problems that are no requirement of the plan: the silence of a centre's agent, and a database without a fresh copy. */
export const ownProblems = ["agent", "backup"] as const;
export type OwnProblem = (typeof ownProblems)[number];

/** Longest announcement in days: a year and a day. Longer needs to be announced anew. */
export const MAINTENANCE_DAYS_MAX = 366;

/** Announced work: where, when, why and who says so. Times are Asia/Ho_Chi_Minh; it is never endless. */
const Window = z.strictObject({
  id: z.string().min(1).max(40),
  /** All centres when absent. */
  centres: z.array(Code).min(1).max(5_000).optional(),
  /** All requirements, and `ownProblems`, when absent. */
  requirements: z
    .array(z.union([RequirementId, z.enum(ownProblems)]))
    .min(1)
    .max(60)
    .optional(),
  mode: MaintenanceMode,
  /** First and last day, inclusive. */
  from: z.iso.date(),
  until: z.iso.date(),
  /** The span of the clock on the first day and the last one; on each of its days when it recurs. Past midnight when `end` is not after `start`. */
  start: ClockTime.default("00:00"),
  end: ClockTime.default("00:00"),
  /** ISO weekdays (1 = Monday) on which it comes again between its days; one span from beginning to end when absent. */
  weekdays: z.array(z.int().min(1).max(7)).min(1).optional(),
  reason: z.string().min(1).max(300),
  person: z.string().min(1).max(128),
  /** Ended by hand before its time. */
  endedAt: z.iso.datetime().optional(),
});
export const MaintenanceWindow = Window.check((context) => {
  const { from, until, start, end, weekdays } = context.value;
  const days = Math.round((Date.parse(until) - Date.parse(from)) / DAY_MS) + 1;
  // The message is a key of the catalogue: forms, files and the command line show the same sentence.
  const refuse = (message: string, params?: Record<string, number>) =>
    context.issues.push({ code: "custom", message, path: ["until"], input: until, ...(params && { params }) });
  if (days < 1 || (from === until && !weekdays && end !== "00:00" && end <= start)) refuse("form.error.order");
  else if (days > MAINTENANCE_DAYS_MAX) refuse("form.error.tooLong", { days: MAINTENANCE_DAYS_MAX });
});
export type MaintenanceWindow = z.infer<typeof MaintenanceWindow>;

/** The file that `collector maintenance import` takes; ids make a second import change nothing. */
export const MaintenanceFile = z.strictObject({ windows: z.array(MaintenanceWindow).min(1).max(1_000) });

/** Whether a window is under way at an instant. */
export function isUnderWay(window: MaintenanceWindow, atMs: number): boolean {
  if (window.endedAt !== undefined && atMs >= Date.parse(window.endedAt)) return false;
  if (!window.weekdays) return atMs >= vietnamDayStartMs(window.from) + clockMs(window.start) && atMs < endMs(window, window.until);
  const day = vietnamDay(atMs);
  return [day, dayAfter(day, -1)].some(
    (first) => beginsOn(window, first) && atMs >= vietnamDayStartMs(first) + clockMs(window.start) && atMs < endMs(window, first),
  );
}

/** The strictest mode that announced work puts on a requirement of a centre; undefined when none is under way there. */
export function maintenanceAt(windows: readonly MaintenanceWindow[], centre: string, requirement: string, atMs: number): MaintenanceMode | undefined {
  const modes = windows
    .filter(({ centres, requirements }) => (centres?.includes(centre) ?? true) && (requirements?.some((one) => one === requirement) ?? true))
    .filter((window) => isUnderWay(window, atMs))
    .map(({ mode }) => mode);
  return maintenanceModes.find((mode) => modes.includes(mode));
}

function beginsOn({ from, until, weekdays }: MaintenanceWindow, day: string): boolean {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay() || 7;
  return from <= day && day <= until && (weekdays?.includes(weekday) ?? false);
}

/** When the span that ends on `day`, or begins on it and ends past midnight, is over. A window of whole days has no `end` and ends with its day. */
function endMs({ start, end, weekdays }: MaintenanceWindow, day: string): number {
  const isPastMidnight = weekdays ? end <= start : end === "00:00";
  return vietnamDayStartMs(day) + clockMs(end) + (isPastMidnight ? DAY_MS : 0);
}

function clockMs(time: string): number {
  return (Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))) * 60_000;
}
