import { UsageError } from '../../../domain/errors.ts';

/** Whether a command was copied for `cmd.exe`: there `^` escapes what follows, a line break too. */
export function isForCmd(text: string): boolean {
  return /\s\^(?:"|\r?\n)/.test(text);
}

/**
 * The words of a command as `cmd.exe` and the C runtime of Windows read them.
 * @throws UsageError for a quote that is not closed
 */
export function cmdWords(text: string): string[] {
  const plain = text
    .trim()
    .replaceAll('\r\n', '\n')
    // A line break within a text takes two.
    .replaceAll(/\^(?:\n(\n)?|([\s\S]))/g, (_, lineBreak?: string, escaped?: string) => lineBreak ?? escaped ?? '');
  const words: string[] = [];
  const part = /\s+|"(?:\\["\\]|""|[^"])*"?|\\"|[^\s"]+?(?=\\"|["\s]|$)/g;
  let word: string | null = null;
  for (const [found] of plain.matchAll(part)) {
    if (/^\s/.test(found)) {
      if (word !== null) words.push(word);
      word = null;
      continue;
    }
    word = (word ?? '') + (found.startsWith('"') ? unquoted(found) : found.replace('\\"', '"'));
  }
  return word === null ? words : [...words, word];
}

function unquoted(part: string): string {
  if (part.length < 2 || !part.endsWith('"')) {
    throw new UsageError('--curl: found a " that is not closed, expected the whole command in quotes of its own');
  }
  return part
    .slice(1, -1)
    .replaceAll(/\\(["\\])|"(")/g, (_, escaped?: string, doubled?: string) => escaped ?? doubled ?? '');
}
