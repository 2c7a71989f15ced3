import { isTemplate, placeholdersIn, type PlaceholderName } from '../../formats/template/parse-template.ts';
import { requestParts, type WrittenRequest } from '../schema/written-request.ts';

/** What the request of a source names. */
export interface NamedPlaceholders {
  readonly names: ReadonlySet<PlaceholderName>;
  /** Paths into the last record of a page. */
  readonly last: readonly string[];
  /** A `${since}` has a format or shift of its own. */
  readonly sinceChanged: boolean;
  /** Whether anything is filled in at each request. */
  readonly isTemplate: boolean;
  /** Headers with placeholders, as they are written. */
  readonly headers: Readonly<Record<string, string>>;
}

export function findPlaceholders(
  source: WrittenRequest & { readonly headers: Readonly<Record<string, string>> },
): NamedPlaceholders {
  const parts = requestParts(source);
  const found = placeholdersIn(parts).flatMap(({ placeholder }) =>
    placeholder.kind === 'placeholder' ? [placeholder] : [],
  );
  return {
    names: new Set(found.map(({ name }) => name)),
    last: [...new Set(found.flatMap(({ name, path }) => (name === 'last' ? [path] : [])))],
    sinceChanged: found.some(({ name, format, shiftMs }) => name === 'since' && (format !== null || shiftMs !== 0)),
    isTemplate: isTemplate(parts),
    headers: Object.fromEntries(Object.entries(source.headers).filter(([, value]) => isTemplate(value))),
  };
}
