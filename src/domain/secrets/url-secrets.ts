import { mask } from './redact.ts';

/** Names of headers, parameters and the like whose values are secrets, wherever they are written. */
export const secretName =
  /\bauth\b|authorization|cookie|api[-_]?key|[-_]key$|^key$|token|secret|passw|\bpwd\b|credential|signature|^sig$|jwt|session|app[-_]?id/i;

/** `//user:password@`, up to the last `@` before the path. */
const userInfo = /(\b[a-z][a-z\d+.-]*:\/\/)[^\s/?#"'<>]*@/gi;
const parameter = /([?&;])([^\s?&;=#"'<>]+)=([^\s&;#"'<>]+)/g;

/**
 * Removes from the URLs in a message what is a secret by its position: user names and passwords, and parameters with a name like
 * `token`. For messages, not for data: a record may contain an address with a harmless `?key=…`.
 */
export function withoutUrlSecrets(text: string): string {
  return text
    .replaceAll(userInfo, `$1${mask}@`)
    .replaceAll(parameter, (whole, before: string, name: string) =>
      secretName.test(name) ? `${before}${name}=${mask}` : whole,
    );
}
