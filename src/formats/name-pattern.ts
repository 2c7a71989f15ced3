/**
 * Makes a test of names by a pattern: `*` stands for anything within a part, `**` for any parts, `?` for one character. A pattern
 * without `/` is compared with the last part.
 */
export function namePattern(pattern: string): (name: string) => boolean {
  const source = pattern
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map((piece) => wildcards[piece] ?? piece.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('');
  const wanted = new RegExp(`^${source}$`, 'su');
  return (name) => wanted.test(pattern.includes('/') ? name : (name.split('/').at(-1) ?? name));
}

const wildcards: Readonly<Record<string, string>> = { '**/': '(?:[^/]+/)*', '**': '.*', '*': '[^/]*', '?': '[^/]' };
