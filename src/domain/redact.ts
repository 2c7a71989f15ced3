/** Replaces secrets in a text, also in their URL-encoded and base64 forms. */
export type Redact = (text: string) => string;

/** For texts in which no source, and so no secret, has a part. */
export const nothingSecret: Redact = (text) => text;

export const mask = '[redacted]';

/** Makes a redactor; values under 4 characters are no secrets, replacing them would garble every message. */
export function createRedactor(secrets: Iterable<string>): Redact {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < 4) continue;
    forms.add(secret);
    forms.add(encodeURIComponent(secret.toWellFormed()));
    // As `URLSearchParams` writes it: a space is +, and !'()~ are escaped.
    forms.add(new URLSearchParams([['', secret]]).toString().slice(1));
    forms.add(JSON.stringify(secret).slice(1, -1));
    forms.add(Buffer.from(secret).toString('base64').replace(/=+$/, ''));
  }
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((redacted, form) => redacted.replaceAll(form, mask), text);
}
