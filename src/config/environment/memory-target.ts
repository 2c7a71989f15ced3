import { InvalidEnvironment, type LookUp } from '../secrets/references.ts';

const [least, most] = [20, 80];

/**
 * Reads `DAYBOOK_MEMORY_TARGET`, a share between 0 and 1; null = a worker runs a fixed number of tasks. Not more than 80%: what a task
 * will need is not known when it starts.
 * @throws InvalidEnvironment
 */
export function memoryTarget(lookUp: LookUp): number | null {
  const text = (lookUp('DAYBOOK_MEMORY_TARGET') || 'off').toLowerCase();
  if (text === 'off') return null;
  const percent = /^\d{1,3}%$/.test(text) ? Number(text.slice(0, -1)) : 0;
  if (percent >= least && percent <= most) return percent / 100;
  throw new InvalidEnvironment(`DAYBOOK_MEMORY_TARGET: found "${text}", expected off, or ${least}% to ${most}%`);
}
