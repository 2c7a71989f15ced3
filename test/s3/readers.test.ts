import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { storeName, type S3Setting } from '../../src/domain/storage/store-setting.ts';
import { createBucketJournal } from '../../src/store/journal/bucket/bucket-journal.ts';
import { bucketPaths } from '../../src/store/paths/bucket-paths.ts';
import { createS3Store, type S3Store } from '../../src/store/s3/s3-store.ts';
import { putPart } from '../support/journal-contract.ts';
import { findDuckdb, type RunSql } from '../support/servers/duckdb.ts';
import { record } from '../unit/sinks/records.ts';
import { server, settingOf } from './s3-setting.ts';

const duckdb = server === null ? null : findDuckdb();
const payload = JSON.stringify({ title: 'é, "quoted"\n\\ and more', n: 12 });
const signal = new AbortController().signal;

let setting: S3Setting;
let blobs: S3Store;

beforeAll(async () => {
  if (duckdb === null) return;
  setting = settingOf(server);
  blobs = createS3Store({ ...setting, prefix: `${setting.prefix}csv/` });
  const place = { name: storeName(setting), blobs };
  const journal = createBucketJournal(place, place);
  const of = { source: 'quakes', day: '2026-11-23' };
  await putPart(journal, '09:00:00', [record('a', { payload }), record('b,"1"\nx')], of);
  await putPart(journal, '10:00:00', [record('c')], of);
  await journal.sealDay(of, { signal, onProgress: () => {} });
  // As while a day is sealed: a record is in two files.
  await putPart(journal, '10:00:00', [record('c')], of);
  await putPart(journal, '09:00:00', [record('c'), record('d')], { ...of, day: '2026-11-24' });
  await putPart(journal, '09:00:00', [record('z')], { ...of, day: '2026-10-31' });
  await putPart(journal, '09:00:00', [record('other')], { source: '2026', day: '2026-11-24' });
});

/** The blocks of SQL below a heading of the document, for this bucket. */
function documented(run: RunSql): (heading: string) => unknown[][] {
  const text = readFileSync(new URL('../../docs/consuming.md', import.meta.url), 'utf8');
  const { host } = new URL(server?.endpoint ?? '');
  return (heading) => {
    const [, section = ''] = text.split(`\n### ${heading}\n`);
    const blocks = [...(section.split(/\n##/)[0] ?? '').matchAll(/```sql\n(.*?)```/gs)].map(([, sql]) => sql ?? '');
    const sql = blocks
      .join('\n')
      .replaceAll('s3://my-bucket/daybook', storeName(setting))
      .replaceAll("'my-key'", `'${server?.accessKeyId}'`)
      .replaceAll("'my-secret'", `'${server?.secretAccessKey}'`)
      .replace("'s3.example.com'", `'${host}'`)
      .replace('use_ssl true', 'use_ssl false')
      .replace(/^install .*$/gm, '')
      .replace(/^load .*$/gm, '');
    const [, before = '', query = ''] = /^(.*;)\s*(select .*);\s*$/s.exec(sql) ?? [];
    // As text, whatever types the client has.
    return run(`${before} select columns(*)::varchar from (${query})`);
  };
}

describe.skipIf(duckdb === null)('DuckDB reads the journal in a bucket', () => {
  test('as the document says: each record once, exactly as it was stored', () => {
    const rows = documented(duckdb as RunSql)('DuckDB');
    const at = '2026-11-01 00:00:00';
    const found = rows.map(([source, id, time, text]) => [source, id, String(time).slice(0, 19), text]);
    expect(found.toSorted((a, b) => (String(a[1]) < String(b[1]) ? -1 : 1))).toEqual([
      ['quakes', 'a', at, payload],
      ['quakes', 'b,"1"\nx', at, '{}'],
      ['quakes', 'c', at, '{}'],
      ['quakes', 'd', at, '{}'],
    ]);
  });

  test('where the sealed file and a part have the same record', async () => {
    const names = await blobs.list('src=quakes/day=2026-11-23');
    expect(
      names.map((name) =>
        [bucketPaths.sealed, bucketPaths.part, bucketPaths.sealManifest].findIndex((kind) => kind.parse(name)),
      ),
    ).toEqual([0, 1, 2]);
  });
});
