import { secretMark } from './hidden-marks.ts';
import { inSmallHex, writingsInBase64 } from './redact.ts';

/** Hides secrets in texts that workflows carry (the address of a next page may echo one), and puts them back. */
export interface SecretMask {
  readonly hide: (text: string) => string;
  readonly reveal: (text: string) => string;
}

/** @param secrets always in the same order, because their numbers stand for them */
export function createSecretMask(secrets: readonly string[]): SecretMask {
  const forms = secrets.flatMap((secret, index) =>
    secret.length < 4
      ? []
      : writings(secret).map(({ form, name }) => ({
          text: form,
          stand: `${secretMark}${index}.${name}${secretMark}`,
        })),
  );
  const longestFirst = [...forms].sort((a, b) => b.text.length - a.text.length);
  return {
    hide: (text) =>
      longestFirst.reduce((hidden, { text: secret, stand }) => hidden.replaceAll(secret, stand), strip(text)),
    reveal: (text) => forms.reduce((revealed, { text: secret, stand }) => revealed.replaceAll(stand, secret), text),
  };
}

/** A way to write a secret. Its name is in what is stored. */
export interface Writing {
  readonly name: string;
  readonly form: string;
}

/** Shorter ones would match by chance. */
const minBase64 = 8;

/** A secret as it is, as URLs and JSON write it, and within base64. */
export function writings(secret: string): Writing[] {
  const encoded = [encodeURIComponent(secret.toWellFormed()), new URLSearchParams([['', secret]]).toString().slice(1)];
  const plain = [...new Set([secret, ...encoded, JSON.stringify(secret).slice(1, -1)])];
  const all = [
    ...plain.map((form, number) => ({ name: String(number), form })),
    ...encoded.map((form, number) => ({ name: `h${number}`, form: inSmallHex(form) })),
    ...writingsInBase64(secret).flatMap((form, number) =>
      form.length < minBase64 ? [] : [{ name: `b${number}`, form }],
    ),
  ];
  return all.filter(({ form }, at) => all.findIndex((other) => other.form === form) === at);
}

function strip(text: string): string {
  return text.replaceAll(secretMark, '');
}
