import { InvalidEnvironment } from '../secrets/references.ts';

/** @param name of the variable */
export function port(name: string, text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= 65_535) return number;
  throw new InvalidEnvironment(`${name}: found "${text}", expected a port from 1 to 65535`);
}
