import { type Command, CommanderError } from 'commander';
import { OptionError } from './errors.ts';

/**
 * Parses a tool's command line. False after `--help`, which `output` was given to print.
 *
 * @param how how the tool is called, such as `npm start`
 * @throws OptionError OPTION_UNKNOWN for what commander refuses
 */
export function parseArguments(
  program: Command,
  args: readonly string[],
  { how, output }: { readonly how: string; readonly output: (text: string) => void },
): boolean {
  program
    .name(`${how} --`)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: output, writeErr: () => undefined });
  try {
    program.parse([...args], { from: 'user' });
    return true;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return false;
    const said = error.message.replace(/^error: /, '');
    throw new OptionError('OPTION_UNKNOWN', said, `${how} -- --help lists the options.`);
  }
}

/** A whole number in [low, high]. @throws OptionError OPTION_NUMBER */
export function wholeNumber(given: string, flag: string, low: number, high: number): number {
  const value = Number(given);
  if (!/^\d{1,16}$/.test(given) || value < low || value > high) {
    throw new OptionError(
      'OPTION_NUMBER',
      `${flag} is ${JSON.stringify(given.slice(0, 40))}`,
      `Give a whole number from ${low} to ${high}.`,
    );
  }
  return value;
}
