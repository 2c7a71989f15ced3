import { secretName } from '../../domain/secrets/url-secrets.ts';

/** Besides `secretName`: a reader of the kept configuration must not find a key under an unusual name. */
export const secretNameToo = /key|pass|phrase|\bpin\b|licen[cs]e|access[-_]?id|otp|seed/i;

export function isSecretName(name: string): boolean {
  return secretName.test(name) || secretNameToo.test(name);
}
