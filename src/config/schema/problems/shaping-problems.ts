import { keysRead, overlap, type Keys } from '../../../formats/jmespath/expression-keys.ts';
import { parseKeyPath } from '../../../formats/jmespath/key-path.ts';
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
  const id = read.id.find((expression) => kind === 'redact' && reads(expression, [keys]));
  if (id !== undefined) {
    const message = `found redact of a value that id "${id}" reads: all records would have the same id; expected hash, or another id`;
    return [{ path: at, message }];
  }
  if (reads(read.occurredAt, [keys])) {
    const message = `found ${kind} of a value that occurred_at "${read.occurredAt}" reads: it would be no time; expected another path`;
    return [{ path: at, message }];
  }
  const position = read.positions.find(([, expression]) => reads(expression, placesBefore(keys, shaping)));
  if (!position) return [];
  const message = `found ${kind} of a value that ${position[0]} "${position[1]}" reads: it would be in requests and in the state; expected another field there`;
  return [{ path: at, message }];
}

/** The records' values that requests name as `${last:PATH}`. */
export function lastPathsIn(requests: unknown): (readonly [key: string, expression: string])[] {
  const text = JSON.stringify(requests) ?? '';
  return [...text.matchAll(/\$\{last:([^}:?+-]+)/g)].map(([, path = '']) => ['${last:…}', path] as const);
}

/** Where a field of the finished record was when the source sent it. */
function placesBefore(keys: Keys, { map, explode }: ShapingConfig): readonly Keys[] {
  const [name = '', ...rest] = keys;
  const expression = map?.[name];
  const before = map ? (expression === undefined ? [] : readable(expression).map((one) => [...one, ...rest])) : [keys];
  if (!explode) return before;
  const kept = Array.isArray(explode.keep) ? [] : Object.values(explode.keep).flatMap(readable);
  return [...before, ...kept, ...before.flatMap((one) => readable(explode.path).map((list) => [...list, ...one]))];
}

function dropProblems(path: string, index: number, { id, occurredAt }: ReadPaths): ShapingProblem[] {
  const keys = parseKeyPath(path) ?? [];
  const reader = [...id.map((one) => ['id', one] as const), ['occurred_at', occurredAt] as const].find(
    ([, expression]) => expression !== null && readable(expression).some((one) => startsWith(one, keys)),
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
  return beginning.length > 0 && beginning.every((key, index) => keys[index] === key);
}

/** None of an expression that is none: that is a problem of its own. */
function readable(expression: string): readonly Keys[] {
  try {
    return keysRead(expression);
  } catch {
    return [];
  }
}
