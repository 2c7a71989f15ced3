import { instanceNamePattern } from '../../domain/instance.ts';
import { InvalidEnvironment, type LookUp } from '../secrets/references.ts';

export const instanceVariable = 'DAYBOOK_INSTANCE';
export const expectedName = 'expected 1 to 30 of a-z, 0-9 and -, e.g. staging';

/** The value of `DAYBOOK_INSTANCE`; null if it is not set. @throws InvalidEnvironment */
export function namedInstance(lookUp: LookUp): string | null {
  const name = lookUp(instanceVariable) || null;
  if (name === null || instanceNamePattern.test(name)) return name;
  throw new InvalidEnvironment(`${instanceVariable}: found ${JSON.stringify(name)}, ${expectedName}`);
}
