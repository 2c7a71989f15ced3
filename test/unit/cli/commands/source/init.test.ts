import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { checkCommand } from '../../../../../src/cli/commands/source/check.ts';
import { initCommand, type InitOptions } from '../../../../../src/cli/commands/source/init.ts';
import { findSource } from '../../../../../src/config/file/find-source.ts';
import { parseConfig } from '../../../../../src/config/file/parse-config.ts';
import { planOf } from '../../../../../src/config/plan/plan.ts';
import { DaySet } from '../../../../../src/domain/time/day-set.ts';
import { compileExpression } from '../../../../../src/formats/jmespath/jmespath.ts';
import { createExtractor } from '../../../../../src/sources/extraction/extract-record.ts';
import { proposeFrom } from '../../../../../src/sources/proposal/propose-source.ts';
import { startOrigin, type Origin } from '../../../../support/servers/origin.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';
import { files, samples, whole } from './init-samples.ts';

const token = 't0ken-value';
let folder: string;
let origin: Origin;

beforeAll(async () => {
  folder = temporaryFolder();
  vi.stubEnv('INIT_TOKEN', token);
  origin = await startOrigin((url, response, request) => {
    const isGuarded = url.pathname.startsWith('/guarded');
    const { authorization, 'x-key': key } = request.headers;
    const isAllowed = !isGuarded || authorization === `Bearer ${token}` || key === token;
    const sample = isGuarded ? samples['/iso'] : samples[url.pathname];
    const isPost = url.pathname.startsWith('/post/');
    response.writeHead(isPost ? 200 : !isAllowed ? 401 : sample ? 200 : 404, {
      'content-type': sample?.type ?? 'text/html',
    });
    const page = `<html><body><h1>Post</h1><time datetime="2026-11-1${url.pathname.at(-1) ?? '0'}T00:00:00Z">x</time></body></html>`;
    response.end(isPost ? page : isAllowed ? (sample?.body ?? '') : '');
  });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await origin.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What a command prints, here in this process. */
async function printed(act: () => Promise<void>) {
  const texts = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((part) => {
      texts[stream] += String(part);
      return true;
    }),
  );
  try {
    await act();
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = 0;
  }
  return texts;
}

/** A proposal that is valid on its own: `check` reports nothing. */
async function proposalFor(address: string, options: InitOptions = {}) {
  const config = join(folder, 'daybook.yaml');
  const { stdout, stderr } = await printed(() => initCommand(address, { ...options, config }));
  writeFileSync(config, stdout);
  const checked = await printed(() => checkCommand({ config }));
  expect(checked.stderr).toBe('');
  expect(checked.stdout).toContain('OK');
  return { yaml: stdout, stderr };
}

/** What is proposed for a sample, without asking anyone. */
async function proposed(path: string) {
  const { type = '', body = '' } = samples[path] ?? {};
  const url = `https://pages.test${path}`;
  const response = { status: 200, headers: { 'content-type': type }, body: Buffer.from(body), url };
  const proposal = await proposeFrom(response);
  const text = stringify({ version: 1, sources: [{ name: 'sample', url, ...proposal.source }] }, { lineWidth: 0 });
  return { ...proposal, text };
}

const takesTheFetch = /occurred_at:\s*(?:\{ on_missing|\n\s+on_missing)/;

describe('init proposes a source that reads all records of its sample', () => {
  test.each(whole)('at %s', async (path) => {
    const { records, parts } = samples[path] ?? { records: 0, parts: [] };
    const { yaml, stderr } = await proposalFor(origin.url + path);
    expect(stderr).toContain(`${records} of ${records} records would be stored`);
    for (const part of parts) expect(yaml).toContain(part);
    expect(yaml).not.toMatch(takesTheFetch);
  });

  test.each(Object.keys(samples).filter((path) => samples[path]?.type === 'application/json'))(
    'of the answer %s',
    async (path) => {
      const { body, records, parts } = samples[path] ?? { body: '', records: 0, parts: [] };
      const { text, notes, source } = await proposed(path);
      for (const part of parts) expect(`${notes.join()}${text}`).toContain(part);
      expect(takesTheFetch.test(text)).toBe(path === '/no-time');
      const found = compileExpression((source['records'] ?? '@') as string)(JSON.parse(body)) as unknown[];
      const config = parseConfig(text, 'daybook.yaml', () => undefined);
      const extract = createExtractor(planOf(config, findSource(config, 'sample')), new DaySet());
      const stored = found.map((value) => extract({ value, exact: false, mayBeDeep: false }, new Date('2026-12-01')));
      expect(stored.filter(({ ok }) => ok)).toHaveLength(records);
      expect(found).toHaveLength(records);
    },
  );

  test.each(Object.keys(samples).filter((path) => samples[path]?.type === 'text/html'))(
    'of the page %s',
    async (path) => {
      const { parts } = samples[path] ?? { parts: [] };
      const { text, detail } = await proposed(path);
      const isOnDetail = path === '/html-detail';
      for (const part of isOnDetail ? [] : parts) expect(text).toContain(part);
      expect(takesTheFetch.test(text)).toBe(isOnDetail);
      expect(detail).toBe(isOnDetail ? 'https://pages.test/post/1' : undefined);
      expect(() => parseConfig(text, 'daybook.yaml', () => undefined)).not.toThrow();
    },
  );

  test.each(files)('in the file %s', async (name, text, records, part) => {
    writeFileSync(join(folder, name), text);
    const { yaml, stderr } = await proposalFor(join(folder, name));
    expect(stderr).toContain(`${records} of ${records} records would be stored`);
    expect(yaml).toContain(part);
    expect(yaml).not.toContain('fetched_at');
  });
});

describe('init sends requests with credentials', () => {
  const bearer = 'bearer:${env:INIT_TOKEN}';

  test.each([
    [{ auth: bearer }, 'token: ${env:INIT_TOKEN}'],
    [{ auth: 'api_key:X-Key:${env:INIT_TOKEN}' }, 'api_key: ${env:INIT_TOKEN}'],
    [{ header: ['X-Key: ${env:INIT_TOKEN}', 'Accept-Language: de'] }, 'X-Key: ${env:INIT_TOKEN}'],
  ] as const)('%j, and proposes them as references', async (options, part) => {
    const { yaml, stderr } = await proposalFor(`${origin.url}/guarded`, options);
    expect(yaml).toContain(part);
    expect(stderr).toContain('4 of 4 records would be stored');
    expect(yaml + stderr).not.toContain(token);
  });

  test.each([
    [{ auth: 'bearer:abc' }, /--auth: expected bearer:/],
    [{ auth: bearer.slice(7) }, /--auth/],
    [{ auth: 'digest:${env:INIT_TOKEN}' }, /--auth: unknown form/],
    [{ header: ['Authorization: Bearer abc'] }, /--header Authorization: found a secret itself/],
    [{ header: ['nonsense'] }, /--header: expected a name, a colon and a value/],
    [{ auth: 'bearer:${env:NOT_SET_AT_ALL}' }, /NOT_SET_AT_ALL is not set/],
    [{}, /answered 401, expected 200; does it need credentials\? Add --auth/],
  ])('explains what is wrong with %j', async (options, expected) => {
    const config = join(folder, 'daybook.yaml');
    await expect(printed(() => initCommand(`${origin.url}/guarded`, { ...options, config }))).rejects.toThrow(expected);
  });
});
