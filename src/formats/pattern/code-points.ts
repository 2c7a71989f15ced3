/** Code points as ranges, both ends included, in order and apart from each other. */
export type CodePoints = readonly (readonly [first: number, last: number])[];

const maxCodePoint = 0x10ffff;

/** The union of some sets. */
export function unionOf(sets: readonly CodePoints[]): CodePoints {
  const ranges = sets.flat().sort(([a], [b]) => a - b);
  const union: [number, number][] = [];
  for (const [first, last] of ranges) {
    const before = union.at(-1);
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else union.push([first, last]);
  }
  return union;
}

/** All code points that are not in the set. */
export function complementOf(set: CodePoints): CodePoints {
  const rest: [number, number][] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) rest.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= maxCodePoint) rest.push([next, maxCodePoint]);
  return rest;
}

/** `\d`, `\w`, `\s` and what `.` does not match, as ECMAScript has them with the flag `u`. */
export const digits: CodePoints = [[0x30, 0x39]];
export const wordCharacters: CodePoints = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
export const whiteSpace: CodePoints = [
  [0x9, 0xd],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
export const lineTerminators: CodePoints = [
  [0xa, 0xa],
  [0xd, 0xd],
  [0x2028, 0x2029],
];
