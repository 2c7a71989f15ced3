/** Four ways in which a file comes to hold something else than what was written. */
export const damageWays = {
  'a byte flipped': (content) => {
    const flipped = Buffer.from(content);
    flipped[0] = (flipped[0] ?? 0) ^ 0x40;
    return flipped;
  },
  'cut in the middle': (content) => content.subarray(0, Math.floor(content.length / 2)),
  emptied: () => Buffer.alloc(0),
  'other JSON': () => Buffer.from('{"another":"shape"}\n'),
} as const satisfies Readonly<Record<string, (content: Buffer) => Buffer>>;

export type DamageWay = keyof typeof damageWays;
