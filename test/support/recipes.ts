import { readFileSync } from 'node:fs';

const operations = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

/** The blocks of shell commands that a section of docs/operations.md shows, up to the next heading of any level. */
export function recipe(title: string): string[] {
  const sections = operations.split(/^#{2,3} /m);
  const section = sections.find((text) => text.startsWith(`${title}\n`));
  if (section === undefined) throw new Error(`docs/operations.md has no section "${title}"`);
  return [...section.matchAll(/^( *)```sh\n([\s\S]*?)^ *```$/gm)].map(([, indent = '', block = '']) =>
    block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}
