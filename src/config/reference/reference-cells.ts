/** A part of a JSON Schema, as far as the reference reads it. */
export interface SchemaNode {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** An object that the reference describes in its own section. */
export interface Section {
  readonly name: string;
  readonly node: SchemaNode;
}

/** The alternatives of a union; null if it is not one. */
export function membersOf(node: SchemaNode): readonly SchemaNode[] | null {
  return node.anyOf ?? node.oneOf ?? null;
}

/** Whether it is an object with keys of its own, or a union of such. */
function hasKeys(node: SchemaNode): boolean {
  return node.properties !== undefined || (membersOf(node)?.every(hasKeys) ?? false);
}

/**
 * What a key takes, in words.
 * @param path the key's own; an object's section has it as its name
 * @param found receives each section that the words link to
 */
export function kindOf(node: SchemaNode, path: string, found: (section: Section) => void): string {
  if (node.$ref !== undefined) return linkTo(node.$ref.slice(node.$ref.lastIndexOf('/') + 1));
  if (hasKeys(node)) {
    found({ name: path, node });
    return linkTo(path);
  }
  if (node.title !== undefined) return node.title;
  if (node.const !== undefined) return code(node.const);
  if (node.enum !== undefined) return node.enum.map(code).join(', ');
  const members = membersOf(node);
  if (members !== null) return members.map((member) => kindOf(member, path, found)).join(' or ');
  if (node.items !== undefined) return `list of ${kindOf(node.items, path, found)}`;
  if (typeof node.additionalProperties === 'object') {
    const kind = kindOf(node.additionalProperties, path, found);
    return kind === anything ? 'map' : `map of names to ${kind}`;
  }
  return `${plainKinds[node.type ?? ''] ?? anything}${rangeOf(node)}`;
}

const anything = 'anything';
const plainKinds: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: '`true`, `false`',
  null: '`null`',
};

function rangeOf({ minimum, maximum = Number.MAX_SAFE_INTEGER }: SchemaNode): string {
  if (minimum === undefined) return '';
  return maximum === Number.MAX_SAFE_INTEGER ? ` from ${minimum} on` : ` from ${minimum} to ${maximum}`;
}

/** The value that applies if a key is absent. */
export function defaultOf(node: SchemaNode, isRequired: boolean): string {
  if (isRequired) return 'required';
  const value = node.default;
  if (value === undefined) return 'none';
  if (typeof value !== 'object' || value === null) return code(value);
  const [only, ...others] = Object.values(value) as unknown[];
  if (only !== undefined && others.length === 0) return code(only);
  return hasKeys(node) ? 'its defaults' : 'none';
}

export function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** GitHub's anchor of a heading that is this name. */
function linkTo(name: string): string {
  return `[${name}](#${name.replaceAll('.', '')})`;
}

/** A Markdown table whose columns are as wide as their longest cell. */
export function tableOf(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows].map((cells) => cells.map((cell) => cell.replaceAll('|', String.raw`\|`)));
  const widths = header.map((_, column) =>
    lines.reduce((most, cells) => Math.max(most, cells[column]?.length ?? 0), 3),
  );
  const written = lines.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
  return [written[0] ?? [], widths.map((width) => '-'.repeat(width)), ...written.slice(1)]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
