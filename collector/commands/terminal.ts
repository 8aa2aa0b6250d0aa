import type { Readable } from "node:stream";
import type { Lang } from "#schemas/words.ts";
import type { CollectorConfig } from "../config.ts";

/** What a command may touch of the process that it runs in. */
export type Terminal = {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Replaces the line that it wrote before; absent where output is no terminal. */
  readonly rewrite?: ((line: string) => void) | undefined;
  /** The Node binary, for child processes. */
  readonly node: string;
  readonly stdin: Readable;
  readonly stop: AbortSignal;
};

/** The command line is wrong; the message says how. Exit code 64 (sysexits.h EX_USAGE). */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
export const EXIT_USAGE = 64;

/** What every command is made with: `lang` is in whose words it speaks. Settings are read only when a command needs them, so that `--help` works with wrong ones. */
export type CommandContext = { readonly config: () => CollectorConfig; readonly lang: Lang; readonly terminal: Terminal };
