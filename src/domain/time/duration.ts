const units = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/** An amount and its unit, as a duration has one or more. */
export const durationPart = String.raw`\d+(?:\.\d+)?(?:ms|s|m|h|d|w)`;
const sizes = new Map<string, number>(units);

/** Milliseconds of one amount after the other, not rounded. */
export function sumOfDuration(text: string): number {
  let total = 0;
  for (const [, amount, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) {
    total += Number(amount) * (sizes.get(unit) ?? 0);
  }
  return total;
}

/** A duration as daybook.yaml writes it: `1h30m`, `90s` as `1m30s`, nothing as `0s`. */
export function formatDuration(ms: number): string {
  let rest = ms;
  let text = '';
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text === '' ? '0s' : text;
}
