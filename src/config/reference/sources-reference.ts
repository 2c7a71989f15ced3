import { isDeepStrictEqual } from 'node:util';
import { fileFrame } from '../schema/file-schema.ts';
import { schemaOf } from './published-schema.ts';
import { code, defaultOf, kindOf, membersOf, tableOf, type SchemaNode, type Section } from './reference-cells.ts';
import { sourceSchemas } from '../schema/source-schemas.ts';

/** Where `npm run schema` writes it. */
export const sourcesReferenceFile = 'docs/sources-reference.md';

const intro = `# Reference of \`daybook.yaml\`

Every key, written by \`npm run schema\` from the schemas that \`./daybook check\` uses; do not edit. [sources.md](sources.md)
explains them by examples.

A **duration** is a number with \`ms\`, \`s\`, \`m\`, \`h\`, \`d\` or \`w\`, or several of them: \`90s\`, \`1h30m\`. A **size** is a number of
bytes, or one with \`kB\`, \`MB\`, \`GB\`, \`KiB\`, \`MiB\` or \`GiB\`. A **JMESPath** is a path into JSON: \`properties.time\`. Required
keys of a source may stand in \`defaults\`, all but \`name\`; \`null\` takes away what is inherited.
`;

/** The reference of the configuration file, as Markdown: a table for each type of source, and one for each object in them. */
export function sourcesReference(): string {
  const frame = schemaOf(fileFrame) as SchemaNode;
  const sources = sourceSchemas.map((schema) => schemaOf(schema) as SchemaNode & { definitions?: object });
  const sections = new Map<string, SchemaNode>();
  const waiting: Section[] = [];
  const find = (section: Section) => void waiting.push(section);
  const parts = [intro, '## The file\n', `${rowsOf(flattened(frame), '', find)}\n`];
  for (const source of sources) {
    const type = source.properties?.['type'];
    parts.push(`## ${code(type?.const)}\n`, `${type?.description}\n`, `${rowsOf(source, '', find)}\n`);
  }
  const definitions = Object.fromEntries(
    sources.flatMap((source) => Object.entries(source.definitions ?? {})),
  ) as Record<string, SchemaNode>;
  for (const [name, node] of Object.entries(definitions)) find({ name, node });
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const known = sections.get(next.name);
    if (known !== undefined && !isDeepStrictEqual(keysOf(known), keysOf(next.node))) {
      throw new Error(`reference: "${next.name}" means two things, expected one name for each`);
    }
    if (known !== undefined) continue;
    sections.set(next.name, next.node);
    parts.push(sectionOf(next, find));
  }
  return parts.join('\n');
}

function sectionOf({ name, node }: Section, find: (section: Section) => void): string {
  const heading = `## ${code(name)}\n\n`;
  const members = membersOf(node);
  if (members === null) return `${heading}${rowsOf(node, `${name}.`, find)}\n`;
  const shared = sharedKeys(members);
  const types = members.map((member) => {
    const type = member.properties?.['type'];
    const own = without(member, new Set([...Object.keys(shared), 'type']));
    const table = Object.keys(own.properties ?? {}).length === 0 ? '' : `\n\n${rowsOf(own, `${name}.`, find)}`;
    return `${code(`type: ${String(type?.const)}`)}: ${type?.description}${table}\n`;
  });
  const ofAll =
    Object.keys(shared).length === 0 ? [] : [`Keys of all types:\n\n${rowsOf({ properties: shared }, '', find)}\n`];
  return `${heading}${[...types, ...ofAll].join('\n')}`;
}

/** Keys that all members have, and have alike. */
function sharedKeys(members: readonly SchemaNode[]): Record<string, SchemaNode> {
  const [first, ...others] = members.map((member) => member.properties ?? {});
  const entries = Object.entries(first ?? {});
  return Object.fromEntries(
    entries.filter(([key, node]) => others.every((other) => isDeepStrictEqual(other[key], node))),
  );
}

function without(node: SchemaNode, keys: ReadonlySet<string>): SchemaNode {
  const properties = Object.entries(node.properties ?? {}).filter(([key]) => !keys.has(key));
  return { ...node, properties: Object.fromEntries(properties) };
}

/** Keys of objects as `object.key`. */
function flattened(node: SchemaNode): SchemaNode {
  const entries = Object.entries(node.properties ?? {}).flatMap(([key, member]): [string, SchemaNode][] => {
    const inner = Object.entries(member.properties ?? {});
    return inner.length === 0 ? [[key, member]] : inner.map(([name, value]) => [`${key}.${name}`, value]);
  });
  return { ...node, properties: Object.fromEntries(entries) };
}

/** A table of an object's keys, those that are required first. */
function rowsOf(node: SchemaNode, prefix: string, find: (section: Section) => void): string {
  const required = new Set(node.required);
  const entries = Object.entries(node.properties ?? {});
  const sorted = [true, false].flatMap((first) => entries.filter(([key]) => required.has(key) === first));
  const rows = sorted.map(([key, member]) => {
    const path = `${prefix}${key}`;
    if (member.description === undefined) throw new Error(`reference: ${path} has no description, expected one`);
    return [code(key), kindOf(member, path, find), defaultOf(member, required.has(key)), member.description];
  });
  return tableOf(['key', 'takes', 'default', 'meaning'], rows);
}

/** An object without what is said of the key that holds it. */
function keysOf({ description: _d, default: _e, title: _t, ...rest }: SchemaNode): SchemaNode {
  return rest;
}
