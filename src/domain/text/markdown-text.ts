import { visibleText } from './visible-text.ts';

/** What Markdown reads as its own within a line: emphasis, code, links, images, cells of a table; HTML and entities. */
const meaningful = /[\\`*_[\]|~$]/g;
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/**
 * An external text (a reason, an error, a name) for Markdown: shown as it is, on one line, without links, images, HTML or
 * formatting of its own.
 */
export function markdownText(text: string): string {
  return (
    visibleText(text.replaceAll(/\s+/g, ' ').trim())
      .replaceAll(meaningful, (character) => `\\${character}`)
      .replaceAll(/[&<>]/g, (character) => entities[character] ?? '')
      // What looks like an address would become a link without any brackets. (Some readers make it one anyway, to just that address.)
      .replaceAll('://', ':\\/\\/')
      .replaceAll(/\b(www)\./gi, '$1\\.')
      .replaceAll('@', '\\@')
      // At its beginning a text may be a heading, a list or a rule.
      .replace(/^[#+=-]/, '\\$&')
      .replace(/^(\d+)([.)])/, '$1\\$2')
  );
}
