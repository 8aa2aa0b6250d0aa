import type { Lang } from "#schemas/words.ts";

/** What a command may know of the place it runs in: main.ts builds it from `process`, tests from strings. */
export type Terminal = {
  /** Data, and nothing else when `--json` is given. */
  readonly out: (text: string) => void;
  /** Words for people. */
  readonly err: (text: string) => void;
  /** All of standard input as text, at most 64 KiB; on a TTY typed text is not echoed. */
  readonly readSecret: (prompt: string) => Promise<string>;
  /** Asks a yes/no question on a terminal; where nobody can answer, what was asked for on the command line is meant. */
  readonly confirm: (question: string) => Promise<boolean>;
  readonly colour: boolean;
  /** Words on stderr may be drawn over: it is a terminal, too. */
  readonly animates: boolean;
  /** The terminal's font may lack ticks, crosses and arrows. */
  readonly asciiOnly: boolean;
  readonly nodeVersion: string;
  readonly stop: AbortSignal;
};

/**
 * What keeps a command from doing its work and a person can mend: shown without a stack, exit code 64 (EX_USAGE).
 * `say` is the sentence for that person, with the file or field and the next step; `message` is the same in English, for logs and outcomes.
 */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
  readonly say: (lang: Lang) => string;

  constructor(say: (lang: Lang) => string) {
    super(say("en"));
    this.say = say;
  }
}

/** Nothing that was typed is wrong: somebody else did not answer, or cannot be trusted. Told as a UsageError is; exit code 69 (EX_UNAVAILABLE). */
export class NoAnswerError extends UsageError {
  override readonly name = "NoAnswerError";
}

/** Those of the self-check, and of sysexits.h. */
export const exitCodes = { ok: 0, warning: 1, fail: 2, unknown: 3, usage: 64, noAnswer: 69 } as const;
