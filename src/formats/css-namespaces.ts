/** Strings, which stay as they are, and names with a prefix. */
const token = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|([\w-]+)\|(?=[\w-])/gs;

/**
 * A selector in which `dc|date` is `dc\:date`: the library knows no namespaces, and names of XML have their prefix. What a selector of
 * HTML may have stays as it is.
 */
export function withoutNamespaces(selector: string): string {
  if (!selector.includes('|')) return selector;
  return selector.replaceAll(token, (found, prefix?: string) =>
    prefix === undefined ? found : String.raw`${prefix}\:`,
  );
}
