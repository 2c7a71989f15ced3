import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A mistake in `daybook.yaml`, and what `check` says of it. */
export interface Mistake {
  readonly title: string;
  readonly text: string;
  /** `line:column: …`, or a warning. */
  readonly says: readonly string[];
}

/** Sources whose keys the lines of a mistake replace or add to; the word is at the end of its title. */
const frames: Readonly<Record<string, readonly string[]>> = {
  api: ['name: quakes', 'type: http_json', 'url: https://api.test/quakes', 'id: id', 'occurred_at: at'],
  bare: ['name: quakes', 'type: http_json', 'url: https://api.test/quakes'],
  rss: ['name: news', 'type: rss', 'url: https://api.test/feed'],
  csv: ['name: sales', 'type: file', 'path: sales.csv', 'id: id', 'occurred_at: at'],
  html: [
    'name: books',
    'type: html',
    'url: https://api.test/books',
    'items: { selector: .item }',
    'fields: { url: { selector: a, attr: href } }',
    'id: url',
    'occurred_at: { on_missing: fetched_at }',
  ],
};

/** The mistakes of a file: a title behind `# `, the lines as they are written, what is said behind `> `. */
export function mistakesOf(name: string): Mistake[] {
  const text = readFileSync(join(import.meta.dirname, 'mistakes', name), 'utf8');
  return text.split(/^# /m).flatMap((block): Mistake[] => {
    const [head = '', ...rest] = block.trimEnd().split('\n');
    if (head === '') return [];
    const [, title = head, frame = 'api'] = /^(.*) \((file|bare|rss|csv|html)\)$/.exec(head) ?? [];
    const lines = rest.filter((line) => !line.startsWith('> '));
    const says = rest.filter((line) => line.startsWith('> ')).map((line) => line.slice(2));
    return [{ title, says, text: frame === 'file' ? `${lines.join('\n')}\n` : configuration(frame, lines) }];
  });
}

function configuration(frame: string, lines: readonly string[]): string {
  const keyOf = (line: string) => line.slice(0, line.indexOf(':'));
  const own = new Set(lines.filter((line) => /^\w/.test(line)).map(keyOf));
  const kept = (frames[frame] ?? []).filter((line) => !own.has(keyOf(line)));
  const source = [...kept, ...lines].map((line, index) => `${index === 0 ? '  - ' : '    '}${line}`);
  return `${['version: 1', 'sources:', ...source].join('\n')}\n`;
}
