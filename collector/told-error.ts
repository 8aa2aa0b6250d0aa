import type { Lang } from "#schemas/words.ts";

/**
 * What keeps the collector from its work and whoever runs it can mend: shown without a stack. `say` is the sentence for that person, with the setting or
 * file and the next step; `message` is the same in English, for the log.
 */
export class ToldError extends Error {
  readonly say: (lang: Lang) => string;

  constructor(say: (lang: Lang) => string, options?: ErrorOptions) {
    super(say("en"), options);
    this.say = say;
  }
}
