import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { projectFolder } from './dockerfile.ts';

/** A service of docker-compose.yml, as far as tests look at it. */
export interface ComposeService {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly restart?: string;
  readonly profiles?: readonly string[];
  readonly stop_grace_period?: string;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/**
 * Reads docker-compose.yml as Docker does, anchors and variables resolved.
 * @param variables those of `.env`
 */
export function readCompose(variables: Readonly<Record<string, string>>): ComposeFile {
  const text = readFileSync(join(projectFolder, 'docker-compose.yml'), 'utf8');
  return withValues(parse(text, { merge: true }), variables) as ComposeFile;
}

/** Variables are resolved in what was read, so that no value of theirs can be taken for YAML. */
function withValues(node: unknown, variables: Readonly<Record<string, string>>): unknown {
  if (typeof node === 'string') return interpolate(node, variables);
  if (Array.isArray(node)) return node.map((member) => withValues(member, variables));
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([key, member]) => [key, withValues(member, variables)]));
}

function interpolate(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}/g, (whole, name: string, kind: string, rest: string) => {
    if (whole === '$$') return '$';
    const value = variables[name] ?? '';
    if (value !== '') return value;
    if (kind === '?') throw new Error(`docker-compose.yml: ${name}: ${rest}`);
    return rest ?? '';
  });
}

/** Services in an order in which each comes after all that it depends on, what they depend on included. */
export function startOrder({ services }: ComposeFile, names: readonly string[]): string[] {
  const order: string[] = [];
  const visit = (name: string, path: readonly string[]) => {
    if (path.includes(name)) throw new Error(`docker-compose.yml: ${[...path, name].join(' → ')} is a circle`);
    const service = services[name];
    if (!service) throw new Error(`docker-compose.yml: found no service ${name}, which ${path.at(-1)} depends on`);
    for (const other of Object.keys(service.depends_on ?? {})) visit(other, [...path, name]);
    if (!order.includes(name)) order.push(name);
  };
  for (const name of names) visit(name, []);
  return order;
}
