/** How a value is written as part of a file's name. */
export interface PathField<T> {
  /** Regular expression of its text, without groups that capture. */
  readonly pattern: string;
  readonly write: (value: T) => string;
  /** Null if the text is none of its values. */
  readonly read: (text: string) => T | null;
}

/** The path of one kind of stored file: below the folder of the store, or of the CSV journal. */
export interface PathLayout<T> {
  /** For display: `deferred/{sink}/{source}/{ingestedAt}-{hash}.json`. */
  readonly template: string;
  build(value: T): string;
  /** The values in a path; null if it is not a path of this kind. */
  parse(path: string): T | null;
  /** The deepest folder that holds all files with these values. */
  folder(value: Partial<T>): string;
}

/** A path by its template: each `{name}` is a field. */
export function pathLayout<T extends object>(
  template: string,
  fields: { readonly [Name in keyof T]: PathField<T[Name]> },
): PathLayout<T> {
  const pieces = template.split(/\{(\w+)\}/);
  const names = pieces.filter((_, index) => index % 2 === 1) as (keyof T & string)[];
  const pattern = new RegExp(
    `^${pieces.map((piece, index) => (index % 2 === 0 ? escape(piece) : `(${fields[piece as keyof T].pattern})`)).join('')}$`,
    's',
  );
  const fill = (part: string, value: T): string =>
    part.replaceAll(/\{(\w+)\}/g, (_, name: string) => fields[name as keyof T].write(value[name as keyof T]));

  return {
    template,
    build: (value) => fill(template, value),
    parse(path) {
      const match = pattern.exec(path);
      if (!match) return null;
      const found: Partial<T> = {};
      for (const [index, name] of names.entries()) {
        const value = fields[name].read(match[index + 1] ?? '');
        if (value === null && match[index + 1] !== '') return null;
        found[name] = value as T[typeof name];
      }
      // A path in another form was not written by Daybook.
      return fill(template, found as T) === path ? (found as T) : null;
    },
    folder(value) {
      const folders = template.split('/').slice(0, -1);
      const named = folders.findIndex((folder) =>
        [...folder.matchAll(/\{(\w+)\}/g)].some(([, name]) => value[name as keyof T] === undefined),
      );
      return fill((named === -1 ? folders : folders.slice(0, named)).join('/'), value as T);
    },
  };
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
