import type { Redact } from '../../../domain/secrets/redact.ts';
import { visibleLines } from '../../../domain/text/visible-text.ts';

/** HTML that is safe to send. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | readonly Html[] | string | number | null;

/** Builds HTML: every value is escaped text without secrets, unless it is HTML itself. */
export type HtmlTag = (strings: TemplateStringsArray, ...parts: readonly Part[]) => Html;

export function createHtmlTag(redact: Redact): HtmlTag {
  const write = (part: Part): string => {
    if (part === null) return '';
    if (part instanceof Html) return part.text;
    if (typeof part === 'object') return part.map(({ text }) => text).join('');
    return escape(visibleLines(redact(String(part))));
  };
  return (strings, ...parts) => new Html(strings.map((string, index) => string + write(parts[index] ?? null)).join(''));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}
