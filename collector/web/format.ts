import type { Withdrawal } from "#schemas/attestation.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";

/** A share of 0..1 as whole percent, rounded down so that 100 % means all; a dash when nothing stands behind it. */
export function share(value: number | undefined): string {
  return value === undefined ? "–" : `${Math.floor(value * 100 + 1e-9)} %`;
}

/** That a waiver was withdrawn: when and why. */
export function withdrawalWords(lang: Lang, { at, reason }: Pick<Withdrawal, "at" | "reason">): string {
  return text(lang, "form.waivers.withdrawn", { at: moment(lang, at), reason });
}

const spans: readonly [limitMs: number, unitMs: number, key: TextKey][] = [
  [3_600_000, 60_000, "web.age.minutes"],
  [48 * 3_600_000, 3_600_000, "web.age.hours"],
  [Number.POSITIVE_INFINITY, 86_400_000, "web.age.days"],
];

/** How long ago an instant was, in one unit. Instants ahead of `nowMs` count as now. */
export function age(lang: Lang, instant: string | number, nowMs: number): string {
  const elapsedMs = nowMs - new Date(instant).getTime();
  if (elapsedMs < 60_000) return text(lang, "web.age.now");
  const [, unitMs, key] = spans.find(([limitMs]) => elapsedMs < limitMs) ?? [0, 86_400_000, "web.age.days" as const];
  return text(lang, key, { count: Math.floor(elapsedMs / unitMs) });
}

/** Lower case without Vietnamese marks; the barred d, which has no mark to take off, becomes a plain one. */
export function foldMarks(words: string): string {
  return words
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/[\u0110\u0111]/g, "d")
    .toLowerCase();
}
