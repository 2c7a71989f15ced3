import { SourceRefused } from '../../domain/errors.ts';
import { leftOut } from './fill-text.ts';
import { onlyPlaceholder, parseTemplate, type Placeholder } from './parse-template.ts';
import { textOf, valueOf, type TemplateValues } from './template-values.ts';

/** Marks a parameter or path segment to be left out: no URL contains it. */
const gone = '\0';

/**
 * A URL with its placeholders filled in: a value is one segment of the path, or a part of one parameter. A URL that is one placeholder
 * is the address that this stands for; left out if it has none.
 * @throws SourceRefused for a value that would lead elsewhere
 */
export function fillUrl(url: string, values: TemplateValues): string | typeof leftOut {
  const only = onlyPlaceholder(url);
  if (only) {
    const value = valueOf(only, values);
    return value === undefined ? leftOut : textOf(value).trim();
  }
  let filled = '';
  const named = new Set<number>();
  for (const part of parseTemplate(url)) {
    if (part.kind !== 'placeholder') {
      filled += part.text;
      continue;
    }
    const isInPath = !/[?#]/.test(filled);
    if (isInPath) named.add(segmentsOf(filled).length - 1);
    filled += encodedOrGone(part, values);
  }
  const [, path = '', query = '', fragment = ''] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(filled) ?? [];
  assertSegments(path, named);
  return `${withoutGone(path, '/')}${withoutParameters(query)}${fragment.replaceAll(gone, '')}`;
}

function segmentsOf(path: string): string[] {
  return path.split('/');
}

/** A path segment of dots is a step through the path. */
function assertSegments(path: string, named: ReadonlySet<number>): void {
  const segments = segmentsOf(path);
  for (const index of named) {
    const segment = segments[index] ?? '';
    if (!/^(?:\.|%2e){1,2}$/i.test(segment)) continue;
    throw new SourceRefused(
      `request: found "${segment}" as a part of the path of url, expected a name without dots only`,
    );
  }
}

function withoutParameters(query: string): string {
  if (!query.includes(gone)) return query;
  const kept = withoutGone(query.slice(1), '&');
  return kept === '' ? '' : `?${kept}`;
}

/** A value as a part of a URL; marked to be left out where an optional placeholder has none. */
export function encodedOrGone(placeholder: Placeholder, values: TemplateValues): string {
  const value = valueOf(placeholder, values);
  return value === undefined && placeholder.optional ? gone : encodeURIComponent(textOf(value).toWellFormed());
}

/** The text without the parts that are marked. */
export function withoutGone(text: string, separator: string): string {
  if (!text.includes(gone)) return text;
  return text
    .split(separator)
    .filter((part) => !part.includes(gone))
    .join(separator);
}
