import { mask } from './redact.ts';

/** Names of headers, parameters and the like whose values are secrets, wherever they are written. */
export const secretName =
  /\bauth\b|authorization|cookie|api[-_]?key|[-_]key$|^key$|token|secret|passw|\bpwd\b|credential|signature|^sig$|jwt|session|app[-_]?id/i;

/** `//user:password@`, up to the last `@` before the path. */
const userInfo = /(\b[a-z][a-z\d+.-]*:\/\/)[^\s/?#"'<>]*@/gi;
const parameter = /([?&;])([^\s?&;=#"'<>]+)=([^\s&;#"'<>]+)/g;

/**
 * Takes out of the URLs in a message what is a secret by its place: user names and passwords, and parameters with a name like
 * `token`. For messages, not for data: a record may hold an address with `?key=…` that opens nothing.
 */
export function withoutUrlSecrets(text: string): string {
  return text
    .replaceAll(userInfo, `$1${mask}@`)
    .replaceAll(parameter, (whole, before: string, name: string) =>
      secretName.test(name) ? `${before}${name}=${mask}` : whole,
    );
}
