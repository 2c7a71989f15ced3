import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listDeadLetters } from '../../../../src/store/dead-letters/dead-letters.ts';
import { startOrigin, type Origin } from '../../../support/servers/origin.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';
import { WatchedWorker } from '../watched-worker.ts';

const folder = useTemporaryFolder();
let origin: Origin;
let other: Origin;
let worker: WatchedWorker | undefined;

beforeEach(async () => {
  other = await startOrigin((_url, response) => void response.writeHead(403).end());
  origin = await startOrigin((url, response) => {
    if (url.pathname === '/robots.txt') return void response.end('User-agent: *\nDisallow: /~');
    if (url.pathname === '/moved') return void response.writeHead(302, { location: `${other.url}/~jane.doe` }).end();
    response.end('[]');
  });
});

afterEach(async () => {
  await worker?.close();
  await origin.close();
  await other.close();
});

/** Requests an address of each parent. */
function open(options: string): WatchedWorker {
  worker = new WatchedWorker(
    folder.path,
    `  - { name: people, type: file, path: people.ndjson, id: id, occurred_at: at }
  - name: profiles
    type: http_json
    url: "\${parent:site}"
    id: id
    occurred_at: at
    allow_empty: true
    robots: obey
    ${options}
    for_each: { source: people }
`,
    undefined,
    { MASK_KEY: 'key-of-the-mask' },
  );
  return worker;
}

const person = (site: string) => ({ id: 1, site });

const sites = (): [why: string, site: string, options: string][] => [
  ['is private', 'http://10.77.88.99/jane.doe', 'allow_private: false'],
  ['is private by its name', 'http://localhost/jane.doe', 'allow_private: false'],
  ['is closed by robots.txt', `${origin.url}/~jane.doe`, ''],
  ['redirects to another origin', `${origin.url}/moved`, ''],
];

describe('the address of a parent, in messages about a source with a mask', () => {
  test.each([0, 1, 2, 3])('is not shown where a request fails (%i)', async (index) => {
    const [why = '', site = '', options = ''] = sites()[index] ?? [];
    const masked = open(
      `${options}\n    parent: [id, site]\n    mask: { parent.site: hash }\n    mask_key: "\${env:MASK_KEY}"`,
    );
    await masked.storeParents('people', [person(site)], new Date(Date.UTC(2026, 10, 20)));
    await masked.poll('profiles');
    const letters = await listDeadLetters(masked.store, { source: 'profiles' });
    expect(letters, why).toHaveLength(1);
    const text = JSON.stringify(letters) + masked.history.join('\n');
    for (const shown of ['jane.doe', '10.77.88.99', new URL(other.url).host, new URL(site).host]) {
      expect(text).not.toContain(shown);
    }
    expect(letters[0]?.message).toContain('not shown, because the source has a mask');
  });

  test('is not shown where its host is not found', async () => {
    const masked = open('parent: [id, site]\n    mask: { parent.site: redact }');
    const site = 'http://jane-doe.invalid/profile';
    await masked.storeParents('people', [person(site)], new Date(Date.UTC(2026, 10, 20)));
    const { failure } = await masked.poll('profiles');
    expect(failure).toContain('could not be reached');
    expect(failure).toMatch(/\(E[A-Z_]+\)/);
    expect(masked.history.join('\n')).not.toContain('jane-doe');
  });
});
