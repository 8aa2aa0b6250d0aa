import type { DeviceSession } from "../io/device-session.ts";
import { isapiPost, refuseOther } from "./isapi-ask.ts";
import type { RecordedList } from "./recorder.ts";

const DAY_MS = 86_400_000;
const MONTHS_MAX = 4;

/**
 * First and last day with recordings, for recorders that cannot be searched (dailyDistribution). A day counts when anything was recorded
 * in it, and a day that is not told is unknown, so nothing is said of gaps. @throws DeviceError
 */
export async function recordedDays(session: DeviceSession, track: string, fromMs: number, toMs: number): Promise<RecordedList> {
  const days: number[] = [];
  for (const [year, month] of monthsOf(fromMs, toMs)) {
    const body = `<?xml version="1.0" encoding="UTF-8"?><trackDailyParam><year>${year}</year><monthOfYear>${month + 1}</monthOfYear></trackDailyParam>`;
    const answer = await isapiPost(session, `/ISAPI/ContentMgmt/record/tracks/${track}/dailyDistribution`, body);
    refuseOther(answer, "trackDailyDistribution", session);
    for (const day of (answer.find("dayList")?.children("day") ?? []).slice(0, 31)) {
      const number = day.value("dayOfMonth") ?? "";
      if (day.value("record") === "true" && /^([1-9]|[12]\d|3[01])$/.test(number)) days.push(Date.UTC(year, month, Number(number)));
    }
  }
  const inside = days.filter((dayMs) => dayMs + DAY_MS > fromMs && dayMs < toMs).sort((a, b) => a - b);
  const [first, last] = [inside[0], inside.at(-1)];
  const span = first === undefined || last === undefined ? undefined : { startMs: Math.max(first, fromMs), endMs: Math.min(last + DAY_MS, toMs) };
  return {
    intervals: span ? [span] : [],
    claimedOldestMs: span?.startMs,
    claimedNewestMs: span?.endMs,
    gapsKnown: false,
    complete: true,
    basis: "isapi-days",
  };
}

function monthsOf(fromMs: number, toMs: number): [year: number, month: number][] {
  const [from, to] = [new Date(fromMs), new Date(toMs)];
  const first = from.getUTCFullYear() * 12 + from.getUTCMonth();
  const count = Math.min(MONTHS_MAX, to.getUTCFullYear() * 12 + to.getUTCMonth() - first + 1);
  return Array.from({ length: Math.max(0, count) }, (_, index) => [Math.floor((first + index) / 12), (first + index) % 12]);
}
