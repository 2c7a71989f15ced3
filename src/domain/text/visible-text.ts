/**
 * Characters that change how text around them is shown, or are not seen at all: control characters (ANSI escapes begin with one),
 * marks of the direction of writing, separators of lines and paragraphs, tags, and halves of a character.
 */
const unseen =
  /(?![\t\n\r])\p{Cc}|[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]|\p{Surrogate}/gu;

/** An external text on one line, with what cannot be seen written as `\u001b`. */
export function visibleText(text: string): string {
  return visibleLines(text.replaceAll('\t', '\\t').replaceAll('\r', '\\r').replaceAll('\n', '\\n'));
}

/** The same, but for line breaks and tabs, which stay: for a text whose lines are ours. */
export function visibleLines(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll('\r', '\\r').replaceAll(unseen, escaped);
}

/** JSON whose value is the same, and in which nothing is unseen. JSON itself escapes most control characters. */
export function visibleJson(json: string): string {
  return json.replaceAll(unseen, inJson);
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : inJson(character);
}

function inJson(character: string): string {
  return [...Array(character.length).keys()]
    .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
    .join('');
}
