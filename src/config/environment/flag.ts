import { InvalidEnvironment, type LookUp } from '../secrets/references.ts';

/** A variable that is on or off. */
export function flag(lookUp: LookUp, name: string, otherwise: 'on' | 'off' = 'on'): boolean {
  const text = (lookUp(name) || otherwise).toLowerCase();
  if (['on', 'true', '1', 'yes'].includes(text)) return true;
  if (['off', 'false', '0', 'no'].includes(text)) return false;
  throw new InvalidEnvironment(`${name}: found "${text}", expected on or off`);
}

/** `DAYBOOK_FAIRNESS`; null = not set: then it depends on the server. */
export function fairnessFlag(lookUp: LookUp): boolean | null {
  return lookUp('DAYBOOK_FAIRNESS') ? flag(lookUp, 'DAYBOOK_FAIRNESS') : null;
}
