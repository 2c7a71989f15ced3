import { ExactNumber, isTextDeeperThan, parseJson, rewriteNumbers } from './exact-json.ts';

/** No record of a source nests deeper. */
const maxDepth = 1_000;

/** What may be a number with an exponent, or a zero with a sign; a match inside a string does no harm. */
const rewrittenNumber = /\d[eE]|[:,[]\s*-0/;

/**
 * The value that PostgreSQL's `jsonb` keeps of a JSON text: numbers without exponents, shorter keys first.
 * @param keyOrder whether that matters
 * @returns null if it is the value of the text
 */
export function jsonbValue(text: string, keyOrder: boolean): { readonly value: unknown } | null {
  const rewritten = rewrittenNumber.test(text);
  if (!rewritten && !keyOrder) return null;
  const { value } = parseJson(rewritten ? rewriteNumbers(text, plainNumber) : text);
  return { value: keyOrder && !isTextDeeperThan(text, maxDepth) ? inOrder(value) : value };
}

/** `1.50e-3` becomes `0.00150`, `-0` becomes `0`. One that no payload may hold stays as it is. */
function plainNumber(number: string): string {
  const [mantissa = '', exponent = '0'] = number.toLowerCase().split('e');
  const power = Number(exponent);
  if (Math.abs(power) > 400) return number;
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = (whole + fraction).padEnd(whole.length + power, '0');
  const scale = Math.max(0, fraction.length - power);
  const padded = digits.padStart(scale + 1, '0');
  const plain = padded.slice(0, padded.length - scale).replace(/^0+(?=\d)/, '');
  const sign = mantissa.startsWith('-') && /[1-9]/.test(padded) ? '-' : '';
  return sign + plain + (scale === 0 ? '' : `.${padded.slice(-scale)}`);
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  // A number that is kept as it is written is an object, too.
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return value;
  const members = Object.entries(value).map(([key, member]) => [key, inOrder(member)] as const);
  members.sort(
    ([a], [b]) => Buffer.byteLength(a) - Buffer.byteLength(b) || Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  // Not one assignment after the other: a key may be `__proto__`.
  return Object.fromEntries(members);
}
