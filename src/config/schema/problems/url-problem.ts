import { onlyPlaceholder, parseTemplate } from '../../../formats/template/parse-template.ts';

/** What is wrong with the address of a source, in words that may be shown; null if nothing is. */
export function urlProblem(written: string): string | null {
  const given = onlyPlaceholder(written);
  if (given) return givenProblem(given);
  const misplaced = placeholderInHost(written);
  if (misplaced !== null) {
    return `found ${misplaced} in the host of the URL, expected it in the path or the query; only \${env:NAME} may be in scheme, host and port`;
  }
  const text = withSampleValues(written);
  if (/^\$\{env:[^}]*\}/.test(text)) return null;
  const expected = 'expected an http or https URL';
  const readable = text.replaceAll(/\$\{env:[^}]*\}/g, '1');
  // The text after it may be a secret, and so may the text before an @.
  const shown = text.includes('@') ? null : (text.split('?')[0] ?? '');
  if (/[\u2018-\u201f]/.test(text)) return `found typographic quotes, ${expected} in " or without quotes`;
  if (/^localhost\b|^\d+\.\d+\.\d+\.\d+\b/.test(text) && shown !== null)
    return `found "${shown}", ${expected}: http://${shown}`;
  if (!URL.canParse(readable)) {
    const isBare = shown !== null && /^(?:\/\/)?[\w-]+(?:\.[\w-]+)+(?:[:/]|$)/.test(shown);
    return `found ${shown === null ? 'a text' : `"${shown}"`}, ${expected}${isBare ? `: https://${shown.replace(/^\/\//, '')}` : ''}`;
  }
  const { username, password, protocol } = new URL(readable);
  if (username !== '' || password !== '') {
    return 'found a user name or password, expected them outside the URL, as a header: Authorization: "${env:NAME}"';
  }
  if (/^https?:$/.test(protocol)) return null;
  return `found ${protocol}, ${expected}${protocol === 'file:' ? '; for a file: type: file, path: …' : ''}`;
}

/** A URL that is one placeholder is an address that the source, or its parent, has given. */
function givenProblem({ text, name }: { readonly text: string; readonly name: string }): string | null {
  if (/^(?:last|parent|job|submit|status)$/.test(name)) return null;
  return `found ${text}, which is no address, expected an http or https URL, or \${parent:PATH}`;
}

/** The first placeholder before the path. */
function placeholderInHost(text: string): string | null {
  let before = '';
  for (const part of parseTemplate(text)) {
    if (part.kind === 'text') before += part.text;
    else if (/^(?:[^/?#]*:)?(?:\/\/)?[^/?#]*$/.test(before)) return part.text;
    else before += '1';
  }
  return null;
}

function withSampleValues(text: string): string {
  return parseTemplate(text)
    .map((part) => (part.kind === 'text' ? part.text : '1'))
    .join('');
}
