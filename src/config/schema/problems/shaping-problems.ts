import { overlap, type Keys } from '../../../formats/jmespath/expression-keys.ts';
import { parseKeyPath } from '../../../formats/jmespath/key-path.ts';
import { placesBefore, readable } from '../../../formats/jmespath/places-before.ts';
import { placeholdersIn } from '../../../formats/template/parse-template.ts';
import type { ShapingConfig } from '../shaping-schema.ts';

/** What is read from the records that shaping makes, and from those before it. */
export interface ReadPaths {
  readonly id: readonly string[];
  /** Null = the time of the fetch is used. */
  readonly occurredAt: string | null;
  /** What positions and requests are made of, by its key; it is read from the record as the source sent it. */
  readonly positions: readonly (readonly [key: string, expression: string])[];
}

export interface ShapingProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Keys of shaping that contradict others. */
export function shapingProblems(shaping: ShapingConfig, read: ReadPaths): ShapingProblem[] {
  const { map, drop = [], mask = {}, mask_key: key } = shaping;
  const hashes = Object.entries(mask).filter(([, kind]) => kind === 'hash');
  return [
    ...(hashes.length > 0 && key === undefined
      ? [
          {
            path: ['mask_key'],
            message: 'is required for hash: expected "${env:MASK_KEY}", with a variable of your own',
          },
        ]
      : []),
    ...Object.entries(mask).flatMap(([path, kind]) => maskProblems(path, kind, shaping, read)),
    ...drop.flatMap((path, index) => dropProblems(path, index, read)),
    ...(map ? mapProblems(map, read) : []),
  ];
}

function maskProblems(path: string, kind: string, shaping: ShapingConfig, read: ReadPaths): ShapingProblem[] {
  const keys = parseKeyPath(path);
  if (keys === null) return [];
  const at = ['mask', path];
  const reads = (expression: string | null, masked: readonly Keys[]) =>
    expression !== null && readable(expression).some((one) => masked.some((other) => overlap(one, other)));
  // A key that is written with dots is masked as well.
  const masked = [keys, [path]];
  const id = read.id.find((expression) => kind === 'redact' && reads(expression, masked));
  if (id !== undefined) {
    const message = `found redact of a value that id "${id}" reads: all records would have the same id; expected hash, or another id`;
    return [{ path: at, message }];
  }
  if (reads(read.occurredAt, masked)) {
    const message = `found ${kind} of a value that occurred_at "${read.occurredAt}" reads: it would be no time; expected another path`;
    return [{ path: at, message }];
  }
  const position = read.positions.find(([, expression]) =>
    reads(
      expression,
      masked.flatMap((one) => placesBefore(one, shaping)),
    ),
  );
  if (!position) return [];
  const message = `found ${kind} of a value that ${position[0]} "${position[1]}" reads: it would be in requests and in the state; expected another field there`;
  return [{ path: at, message }];
}

/** The records' values that requests name as `${last:PATH}`. */
export function lastPathsIn(requests: unknown): (readonly [key: string, expression: string])[] {
  return placeholdersIn(requests).flatMap(({ placeholder }) =>
    placeholder.kind === 'placeholder' && placeholder.name === 'last' ? [['${last:…}', placeholder.path] as const] : [],
  );
}

/** What the name of the next page reads of the records of a page. */
export function nextPageReads(source: object): (readonly [key: string, expression: string])[] {
  const { records, paginator } = source as { readonly records?: unknown; readonly paginator?: object };
  const [list] = typeof records === 'string' ? readable(records) : [];
  if (!list) return [];
  return Object.entries(paginator ?? {}).flatMap(([key, expression]: [string, unknown]) => {
    if ((key !== 'cursor_path' && key !== 'next_url_path') || typeof expression !== 'string') return [];
    const within = readable(expression).filter((keys) => keys.length > list.length && startsWith(keys, list));
    return within.map(
      (keys) =>
        [
          `paginator.${key}`,
          keys
            .slice(list.length)
            .map((one) => (/^[A-Za-z_]\w*$/.test(one) ? one : JSON.stringify(one)))
            .join('.'),
        ] as const,
    );
  });
}

function dropProblems(path: string, index: number, { id, occurredAt }: ReadPaths): ShapingProblem[] {
  const keys = parseKeyPath(path) ?? [];
  const reader = [...id.map((one) => ['id', one] as const), ['occurred_at', occurredAt] as const].find(
    ([, expression]) =>
      expression !== null && keys.length > 0 && readable(expression).some((one) => startsWith(one, keys)),
  );
  if (!reader) return [];
  const message = `found a field that ${reader[0]} "${reader[1]}" reads, expected one that nothing needs`;
  return [{ path: ['drop', index], message }];
}

function mapProblems(map: Readonly<Record<string, string>>, { id, occurredAt }: ReadPaths): ShapingProblem[] {
  const names = Object.keys(map);
  const readers = [...id.map((one) => ['id', one] as const), ['occurred_at', occurredAt] as const];
  return readers.flatMap(([key, expression]) => {
    if (expression === null) return [];
    const firsts = readable(expression).map(([first]) => first);
    if (firsts.length === 0 || firsts.some((first) => first === undefined || names.includes(first))) return [];
    const [missing = ''] = firsts;
    const message = `has no field ${missing}, which ${key} "${expression}" reads, expected it among ${names.join(', ')}`;
    return [{ path: ['map'], message }];
  });
}

function startsWith(keys: Keys, beginning: Keys): boolean {
  return beginning.every((key, index) => keys[index] === key);
}
