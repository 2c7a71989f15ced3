import type { NewDeadLetter } from '../../domain/dead-letters/dead-letter.ts';
import type { Redact } from '../../domain/secrets/redact.ts';

/** A dead letter without secrets: a source may echo its requests. */
export function redactDeadLetter(letter: NewDeadLetter, redact: Redact): NewDeadLetter {
  const recordText = redact(letter.recordText);
  const message = redact(letter.message);
  const isWhole = recordText === letter.recordText;
  // A parent with a secret taken out of it is not the one that was stored.
  const { shaped, ...rest } = letter;
  const keepsShaped = shaped !== undefined && (isWhole || letter.reason !== 'parent_failed');
  return {
    ...rest,
    ...(keepsShaped ? { shaped } : {}),
    message,
    recordText: isWhole ? recordText : asJson(recordText),
    ...(letter.sourceId === undefined ? {} : { sourceId: redact(letter.sourceId) }),
  };
}

/** The text itself where it is JSON, else a JSON string of it: the secret in it was a number, or a file was edited by hand. */
export function asJson(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}
