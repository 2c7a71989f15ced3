/** Hides secrets in texts that workflows carry (the address of a next page may echo one), and puts them back. */
export interface SecretMask {
  readonly hide: (text: string) => string;
  readonly reveal: (text: string) => string;
}

/** Encloses the number of a secret and of its form; occurrences in a source's text are removed first. */
export const secretMark = '\u0001';

/** @param secrets always in the same order, because their numbers stand for them */
export function createSecretMask(secrets: readonly string[]): SecretMask {
  const forms = secrets.flatMap((secret, index) =>
    secret.length < 4
      ? []
      : writings(secret).map((text, form) => ({ text, stand: `${secretMark}${index}.${form}${secretMark}` })),
  );
  const longestFirst = [...forms].sort((a, b) => b.text.length - a.text.length);
  return {
    hide: (text) =>
      longestFirst.reduce((hidden, { text: secret, stand }) => hidden.replaceAll(secret, stand), strip(text)),
    reveal: (text) => forms.reduce((revealed, { text: secret, stand }) => revealed.replaceAll(stand, secret), text),
  };
}

/** A secret as it is, and as URLs and JSON write it. New ways come last: what is stored knows them by their numbers. */
export function writings(secret: string): string[] {
  const encoded = [encodeURIComponent(secret.toWellFormed()), new URLSearchParams([['', secret]]).toString().slice(1)];
  return [...new Set([secret, ...encoded, JSON.stringify(secret).slice(1, -1)])];
}

function strip(text: string): string {
  return text.replaceAll(secretMark, '');
}
