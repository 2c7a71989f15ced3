import { ExactNumber } from './exact-json.ts';

/** Escapes that may stand for a character PostgreSQL cannot store; pairs of surrogates match too. */
const suspectEscape = /\\u(?:0000|[dD][89a-fA-F])/;

/** Whether a JSON text may hold U+0000 or a lone surrogate; a quick test before {@link storableValue}. */
export function mayBeUnstorable(text: string): boolean {
  // Most texts have no such escape, and a search for a string is several times as fast as a pattern.
  return (text.includes('\\u') && suspectEscape.test(text)) || !text.isWellFormed();
}

/**
 * A copy of the value in which U+0000 and lone surrogates, in keys too, are U+FFFD; null if nothing had to change. Call it on
 * values of bounded depth.
 */
export function storableValue(value: unknown): { readonly value: unknown } | null {
  const copy = repaired(value);
  return copy === unchanged ? null : { value: copy };
}

const unchanged = Symbol('unchanged');

function repaired(value: unknown): unknown {
  if (typeof value === 'string') {
    const text = repairText(value);
    return text === value ? unchanged : text;
  }
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return unchanged;
  if (Array.isArray(value)) {
    const members: unknown[] = value.map(repaired);
    return members.every((member) => member === unchanged)
      ? unchanged
      : members.map((member, index): unknown => (member === unchanged ? value[index] : member));
  }
  let changed = false;
  const entries = Object.entries(value).map(([key, member]): [string, unknown] => {
    const newKey = repairText(key);
    const newMember = repaired(member);
    changed ||= newKey !== key || newMember !== unchanged;
    return [newKey, newMember === unchanged ? member : newMember];
  });
  return changed ? Object.fromEntries(entries) : unchanged;
}

function repairText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- U+0000 is the subject
  return text.toWellFormed().replace(/\u0000/g, '\ufffd');
}
