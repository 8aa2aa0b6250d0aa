/**
 * One parser of the project and honest input to damage. `parse` may throw what its contract names (`throws`) and nothing else;
 * it gives what must hold of the result as text, or nothing.
 */
export type FuzzTarget = {
  readonly name: string;
  readonly samples: readonly Buffer[];
  readonly parse: (bytes: Buffer) => unknown;
  readonly throws?: readonly (new (...words: never[]) => Error)[];
  /** One case in so many is tried: parsers that read megabytes of honest input cost more. */
  readonly weight?: number;
};
