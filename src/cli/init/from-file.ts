import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { basename, dirname, extname, relative, resolve } from 'node:path';
import { CannotStart, UsageError } from '../../domain/errors.ts';
import { jsonText } from '../../sources/extraction/extract-record.ts';
import { itemReader } from '../../sources/extraction/read-records.ts';
import { asName } from '../../sources/importers/source-name.ts';
import type { Context } from '../options/context.ts';
import type { FoundSources } from './found-sources.ts';
import { inspect } from './inspect.ts';
import { configuration, parse, prove, sampleOf } from './proposed-config.ts';

/** The source that reads a file, or the files of a pattern. */
export async function fromFile(context: Context, path: string, name: string | undefined): Promise<FoundSources> {
  if (!/[*?[{]/.test(path) && !isFile(path)) {
    throw new UsageError(`found "${path}", expected a URL (https://…) or a file`);
  }
  const plain = basename(path).replace(/\.gz$/, '');
  const named = name ?? asName(plain.slice(0, plain.length - extname(plain).length));
  const source = {
    name: named,
    type: 'file',
    path: relative(dirname(context.environment.configFile), resolve(path)).replaceAll('\\', '/'),
    ...delimiterOf(resolve(path)),
  };
  // Any id and time suffice to read the records themselves.
  const any = { ...source, id: '@', occurred_at: { on_missing: 'fetched_at' } };
  const config = parse(context, configuration([{ source: any }], []));
  const { items } = await sampleOf(context, config);
  const read = itemReader(items);
  const texts = [...items.keys()].flatMap((position) => {
    const item = read(position);
    return item && 'raw' in item ? [jsonText(item.raw)] : [];
  });
  if (texts.length === 0)
    throw new CannotStart(`init: ${path} has no readable record, expected JSON lines, JSON or CSV`);
  const proposal = await inspect(texts);
  return { entries: [{ source: { ...source, ...proposal.source } }], notes: proposal.notes, variables: [], prove };
}

function isFile(path: string): boolean {
  return statSync(resolve(path), { throwIfNoEntry: false })?.isFile() === true;
}

/** The delimiter of a CSV file, if it is not a comma: the most frequent candidate in its first line. */
function delimiterOf(path: string): { readonly csv?: { readonly delimiter: string } } {
  if (!/\.(?:csv|tsv)$/i.test(path) || !existsSync(path)) return {};
  const beginning = Buffer.alloc(64 * 1024);
  const file = openSync(path, 'r');
  try {
    readSync(file, beginning);
  } finally {
    closeSync(file);
  }
  const [line = ''] = beginning
    .toString('latin1')
    .replaceAll(/"[^"]*"/g, '')
    .split(/[\r\n]/, 1);
  const counts = [',', ';', '\t', '|'].map((delimiter) => [delimiter, line.split(delimiter).length] as const);
  const [best = ',', count = 0] = counts.toSorted(([, a], [, b]) => b - a)[0] ?? [];
  return count > 1 && best !== ',' ? { csv: { delimiter: best } } : {};
}
