import { Argument, Command, InvalidArgumentError } from "commander";

/**
 * The command line of one of the project's tools: `names` of what it is to do, of which those that are given are its arguments. A wrong word is told with
 * what there is, and ends the process with 64.
 */
export function toolCommand(script: string, about: string, names: readonly string[]): Command {
  return new Command(`npm run ${script} --`)
    .description(about)
    .addArgument(new Argument("[name...]", "which of them; all where none is named").choices(names))
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 64));
}

/** A whole number from 0 on, for an option. @throws InvalidArgumentError, which commander tells */
export function wholeNumber(given: string): number {
  if (!/^\d{1,15}$/.test(given)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(given);
}

/** A number above 0, for an option. @throws InvalidArgumentError, which commander tells */
export function positiveNumber(given: string): number {
  const number = Number(given);
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError("It must be a number above 0.");
  return number;
}
