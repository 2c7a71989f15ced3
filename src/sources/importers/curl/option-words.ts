import { UsageError } from '../../../domain/errors.ts';
import { curlOption, longName, type CurlOption } from './curl-options.ts';

/** An option of a command, or an address. */
export interface OptionWord {
  /** The long name; null for a word without an option. */
  readonly name: string | null;
  /** As it was written, for messages. */
  readonly written: string;
  readonly option: CurlOption | undefined;
  readonly value: string;
}

/**
 * Options with their values, and the words between them.
 * @param words after the name of the program
 * @throws UsageError for an option without its value
 */
export function optionWords(words: readonly string[]): OptionWord[] {
  const found: OptionWord[] = [];
  const rest = [...words];
  let onlyAddresses = false;
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--' && !onlyAddresses) onlyAddresses = true;
    else if (onlyAddresses || !/^-[^\s]/.test(word))
      found.push({ name: null, written: word, option: undefined, value: word });
    else if (word.startsWith('--')) found.push(longOption(word, rest));
    else for (const option of shortOptions(word, rest)) found.push(option);
  }
  return found;
}

function longOption(word: string, rest: string[]): OptionWord {
  const [written = '', ...attached] = word.split('=');
  const name = written.slice(2);
  const option = curlOption(name) ?? curlOption(name.replace(/^no-/, ''));
  if (!hasValue(option)) return { name, written, option, value: '' };
  return { name, written, option, value: attached.length > 0 ? attached.join('=') : following(written, rest) };
}

/** `-sSL`, `-XPOST`: several options in one word, the last of them perhaps with its value. */
function shortOptions(word: string, rest: string[]): OptionWord[] {
  const found: OptionWord[] = [];
  for (let at = 1; at < word.length; at++) {
    const letter = word[at] ?? '';
    const written = `-${letter}`;
    const name = longName(letter) ?? letter;
    const option = curlOption(name);
    if (!hasValue(option)) {
      found.push({ name, written, option, value: '' });
      continue;
    }
    const attached = word.slice(at + 1);
    found.push({ name, written, option, value: attached === '' ? following(written, rest) : attached });
    break;
  }
  return found;
}

function hasValue(option: CurlOption | undefined): boolean {
  return option !== undefined && option.kind !== 'refused' && option.hasValue;
}

function following(written: string, rest: string[]): string {
  const value = rest.shift();
  if (value === undefined) throw new UsageError(`--curl: found ${written} without its value, expected one after it`);
  return value;
}
