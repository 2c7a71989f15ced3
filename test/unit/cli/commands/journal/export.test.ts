import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test, vi } from 'vitest';
import { buildProgram } from '../../../../../src/cli/program.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

const folder = temporaryFolder();
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test('export --archives reads all archives of a day, the newest first', async () => {
  vi.stubEnv('DAYBOOK_DATA', folder);
  mkdirSync(join(folder, 'archives'));
  const header = 'id,source,source_id,occurred_at,payload,created_at,processed\n';
  for (const [name, id] of [
    ['2026-10-01', 'first'],
    ['2026-10-01.2', 'second'],
  ] as const) {
    const row = `"1","news","${id}","2026-10-01 00:00:00+00","{""id"": ""${id}""}","2026-10-01 00:00:01+00","f"\n`;
    writeFileSync(join(folder, 'archives', `${name}.csv.gz`), gzipSync(header + row));
  }
  const output = join(folder, 'out.csv');
  await buildProgram().parseAsync(['export', '--archives', '--day', '2026-10-01', '--output', output], {
    from: 'user',
  });
  expect(readFileSync(output, 'utf8')).toMatch(/news,second,[^]*news,first,/);
});
