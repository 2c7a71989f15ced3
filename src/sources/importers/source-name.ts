import { canarySource } from '../../domain/names.ts';

const maxLength = 63;

/** A name from the host and the path: what a person would call it. */
export function nameOf({ hostname, pathname }: Pick<URL, 'hostname' | 'pathname'>): string {
  const host = hostname.replace(/^(?:www|api|feeds?|rss)\./, '').split('.')[0] ?? '';
  const last =
    pathname
      .split('/')
      .filter((part) => !/^(?:|api|v\d+|feeds?|rss|index\..*)$/i.test(part))
      .at(-1) ?? '';
  return asName(`${/^\d+$/.test(host) ? '' : host}-${last.replace(/\.[a-z0-9]{2,8}$/i, '')}`);
}

/** A text as a name that a source may have; `source` where no letter of it remains. */
export function asName(text: string): string {
  const name = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, maxLength)
    .replace(/-+$/, '');
  return name === '' ? 'source' : name;
}

/** The name, or the next of `name-2`, `name-3` that is free. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let number = 2; taken.has(free) || free === canarySource; number++) {
    const suffix = `-${number}`;
    free = name.slice(0, maxLength - suffix.length).replace(/-+$/, '') + suffix;
  }
  return free;
}
