/** A decimal literal as sign, significant digits and power of ten: equal values have equal text. `-0` is `0`. */
export function decimal(literal: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal);
  if (!match) throw new Error(`${literal} is no decimal literal`);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  let digits = BigInt(whole + fraction);
  let power = BigInt(exponent) - BigInt(fraction.length);
  if (digits === 0n) return '0';
  for (; digits % 10n === 0n; digits /= 10n) power += 1n;
  return `${sign}${digits}e${power}`;
}
