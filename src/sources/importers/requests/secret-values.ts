import { secretName, withoutUrlSecrets } from '../../../domain/secrets/url-secrets.ts';

/** Besides `secretName`: a secret too many in the environment does no harm. */
const furtherNames =
  /(?:^|[._\-[])(?:pass|pin|otp|passphrase|passcode|sig|sign|sid|csrf|xsrf)(?:$|[._\-\]])|[a-z](?:Key|Pass|Pin|Sig)$|accesskey|access[-_]?id|subscription[-_]?key|licen[cs]e[-_]?key/i;
/** A token of these is the place of a page. */
const pageToken = /^(?:(?:next|prev(?:ious)?|page|paging|pagination|continuation|sync|start|cursor)[-_.]?)+tokens?$/i;

/** Secrets that are known by how they begin or are built, whatever their name. */
const knownForms: readonly RegExp[] = [
  /^eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*$/,
  /^(?:sk|pk|rk|whsec|xox[abeoprs]|gh[opsur]|glpat|dop_v1|shp(?:at|ca|pa|ss)|pat|npm|hf|lin_api|secret|ntn|key|SG|AKIA|ASIA|AIza|ya29|EAA)[-_.]?[\w.-]{16,}$/,
  /^github_pat_\w{20,}$/,
  /^bot\d{6,}:[\w-]{20,}$/,
  /^(?:bearer|basic|token)\s+\S{4,}$/i,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
];

/** Whether what has this name is a secret: a header, a parameter, a member of a body. */
export function isSecretName(name: string): boolean {
  return !pageToken.test(name) && (secretName.test(name) || furtherNames.test(name));
}

/** Whether a text is built like a secret, or contains an address or JSON with one in it. */
export function isSecretText(text: string): boolean {
  if (knownForms.some((form) => form.test(text))) return true;
  if (/^[[{]/.test(text.trim())) return hasSecretMember(text);
  return withoutUrlSecrets(text) !== text;
}

/** Whether a text is nothing that a person would write or read: letters and digits in no order. */
export function isOpaque(text: string): boolean {
  return /^[\w+/=.~:-]{16,}$/.test(text) && /\d/.test(text) && /[a-z]/i.test(text) && !/^\d{4}-\d{2}-\d{2}/.test(text);
}

/** An id of a session or a key under a name of its own: long, with letters of both sizes and digits, or of hexadecimal digits. */
export function isRandom(text: string): boolean {
  if (/^[\da-f]{32,}$/i.test(text)) return /\d/.test(text) && /[a-f]/i.test(text);
  return /^[\w+/=-]{32,}$/.test(text) && /\d/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text);
}

function hasSecretMember(text: string): boolean {
  const members = [...text.matchAll(/"([^"\\]+)"\s*:\s*"([^"]+)"/g)];
  return members.some(([, name = '', value = '']) => isSecretName(name) || knownForms.some((form) => form.test(value)));
}
