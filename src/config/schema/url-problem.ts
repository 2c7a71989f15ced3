/** What is wrong with the address of a source, in words that may be shown; null if nothing is. */
export function urlProblem(text: string): string | null {
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
