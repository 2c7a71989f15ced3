import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { DeadLetter } from '../../src/domain/dead-letters/dead-letter.ts';
import type { RejectionReason } from '../../src/domain/dead-letters/rejection.ts';
import { Instance } from '../../src/domain/instance.ts';
import { listDeadLetters } from '../../src/store/dead-letters/dead-letters.ts';
import { createDirectoryStore } from '../../src/store/blobs/directory-store.ts';
import { createDatabase } from '../support/servers/database.ts';
import { isAlive, CliSandbox } from '../support/cli-sandbox.ts';
import { createNamespace } from '../support/servers/namespace.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { TestWorker } from '../support/test-worker.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const { taskQueue } = new Instance();

/** The outcome of a costly source: its records, or its run. */
interface Hostile {
  readonly name: string;
  /** Keys of its configuration besides name, url, id and time. */
  readonly keys: string;
  /** What it sends; of a file, what it holds; of a module, its text. */
  readonly body: string;
  /** Files beside the configuration. */
  readonly files?: Readonly<Record<string, string>>;
  /** What its dead letter says; null = it has none. */
  readonly letter?: RegExp;
  /** @default too_costly */
  readonly reason?: RejectionReason;
  /** Records that are stored anyway. @default 2 */
  readonly rows?: number;
  /** The type of the error that its run fails with, and what it says. */
  readonly error?: readonly [type: string, message: RegExp];
}

const at = '2026-11-01T00:00:00Z';
const good = (id: number) => ({ id, at });
/** A list with something in its midst. */
const around = (hostile: object) => JSON.stringify([good(1), { id: 2, at, ...hostile }, good(3)]);
const numbers = Array.from({ length: 30_000 }, (_, n) => n);
const backtracking = `${'a'.repeat(40)}!`;
/** As often as the list is long, all of it is written out. */
const quadratic = (list: string) => `length(${list}[?length(to_string($)) > \`0\`])`;
const page = (items: string) => `<!doctype html><title>t</title><ul>${items}</ul>`;
const item = (id: number, text: string) => `<li class=item><a href=/${id}>${id}</a><b>${text}</b></li>`;
const html = (keys: string) =>
  `type: html, items: { selector: li.item }, id: link, occurred_at: { on_missing: fetched_at }, ${keys}`;
const link = 'link: { selector: a, attr: href, type: url }';
const schema = (name: string, value: object) => ({ [`${name}.json`]: JSON.stringify({ properties: value }) });

const hostiles: readonly Hostile[] = [
  {
    name: 'unique-items',
    keys: 'schema: unique-items.json, limits: { record_cpu: 2s, page_cpu: 20s }',
    files: schema('unique-items', { list: { uniqueItems: true } }),
    body: around({ list: numbers.map((n) => ({ n })) }),
    letter: /^schema takes more than 2s .* raise limits\.record_cpu$/,
  },
  {
    name: 'back-reference',
    keys: 'schema: back-reference.json',
    files: schema('back-reference', { text: { pattern: String.raw`^(a|a)+\1c$` } }),
    body: around({ text: backtracking }),
    letter: /^schema takes more than 250ms/,
  },
  {
    name: 'look-ahead',
    keys: 'schema: look-ahead.json',
    files: schema('look-ahead', { text: { pattern: '^(?=(?:a|a)+$)' } }),
    body: around({ text: backtracking }),
    letter: /^schema takes more than 250ms/,
  },
  {
    name: 'key-pattern',
    keys: 'schema: key-pattern.json',
    files: schema('key-pattern', { map: { patternProperties: { '^(?!b)(?:a|aa)+$': { type: 'null' } } } }),
    body: around({ map: { [`${'a'.repeat(60)}!`]: 1 } }),
    letter: /^schema takes more than 250ms/,
  },
  {
    name: 'linear-pattern',
    keys: 'schema: linear-pattern.json',
    files: schema('linear-pattern', { text: { pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' } }),
    body: around({ text: 'a'.repeat(50_000) }),
    letter: /^text must match pattern/,
    reason: 'schema',
  },
  {
    name: 'endless-schema',
    keys: 'schema: endless-schema.json',
    files: {
      'endless-schema.json':
        '{"properties":{"a":{"anyOf":[{"$ref":"#/$defs/x"}]}},"$defs":{"x":{"allOf":[{"$ref":"#/$defs/x"}]}}}',
    },
    body: around({ a: 1 }),
    letter: /checking this record does not end/,
    reason: 'schema',
  },
  {
    name: 'id',
    keys: `id: "not_null(key, ${quadratic('list')})"`,
    body: JSON.stringify([1, null, 3].map((key) => ({ key, at, list: key ? [] : numbers }))),
    letter: /^id takes more than 250ms/,
  },
  {
    name: 'time',
    keys: `occurred_at: { path: "not_null(when, to_string(${quadratic('list')}))" }`,
    body: JSON.stringify([at, null, at].map((when, id) => ({ id, when, list: when ? [] : numbers }))),
    letter: /^occurred_at takes more than 250ms/,
  },
  {
    name: 'doubled',
    keys: `records: "[].{id: id, at: at, big: (list && (list${' | [@, @]'.repeat(30)}))}"`,
    body: around({ list: [1] }),
    letter: /^the record (?:takes more than 250ms of CPU time|needs more memory) for this record/,
  },
  {
    name: 'prototype',
    keys: 'records: "map(&constructor, @)"',
    body: JSON.stringify([good(1)]),
    letter: /^record is null, expected an object/,
    reason: 'wrong_shape',
    rows: 0,
  },
  {
    name: 'records',
    keys: `records: "list[?length(to_string($)) > \`0\`]"`,
    body: JSON.stringify({ list: numbers.map(good) }),
    error: ['TooCostly', /records takes more than 1s .* raise limits\.page_cpu/],
  },
  {
    name: 'paginator',
    keys: `records: items, paginator: { type: json_link, next_url_path: "list[?length(to_string($)) > \`0\`]" }`,
    body: JSON.stringify({ items: [good(1)], list: numbers }),
    error: ['TooCostly', /paginator takes more than 1s/],
  },
  {
    name: 'selector',
    keys: `type: html, items: { selector: "u${' ~ i'.repeat(6)}" }, fields: { a: {} }, id: a, occurred_at: { on_missing: fetched_at }`,
    body: page(`<li>${'<i></i>'.repeat(400)}</li>`),
    error: ['TooCostly', /items takes more than 1s/],
  },
  {
    name: 'nested-has',
    keys: `type: html, items: { selector: "div:has(div:has(div:has(div:has(u))))" }, fields: { a: {} }, id: a, occurred_at: { on_missing: fetched_at }`,
    body: page('<div>'.repeat(300)),
    error: ['TooCostly', /items takes more than 1s/],
  },
  {
    name: 'transform',
    keys: html(`fields: { ${link}, name: { selector: b, transforms: [{ regex: '^(?=(?:a|a)+$)' }] } }`),
    body: page(item(1, 'b') + item(2, backtracking) + item(3, 'c')),
    letter: /^fields\.name takes more than 250ms/,
  },
  {
    name: 'replace',
    keys: html(
      `fields: { ${link}, of: { fields: { name: { selector: b, transforms: [{ replace: { pattern: '(a|a)+\\1c', with: x } }] } } } }`,
    ),
    body: page(item(1, 'b') + item(2, backtracking) + item(3, 'c')),
    letter: /^fields\.of\.name takes more than 250ms/,
  },
  {
    name: 'field',
    keys: html(`fields: { ${link}, name: { selector: "u${' ~ i'.repeat(6)}" } }`),
    body: page(item(1, 'b') + item(2, '<i></i>'.repeat(400)) + item(3, 'c')),
    letter: /^fields\.name takes more than 250ms/,
  },
  {
    name: 'lines',
    keys: 'type: file, path: lines.ndjson, schema: lines.json',
    files: { ...schema('lines', { list: { uniqueItems: true } }) },
    body:
      (JSON.parse(around({ list: numbers.map((n) => ({ n })) })) as object[])
        .map((one) => JSON.stringify(one))
        .join('\n') + '\n',
    letter: /^schema takes more than 250ms/,
  },
  {
    name: 'rows',
    keys: 'type: file, path: rows.csv, schema: rows.json',
    files: { ...schema('rows', { text: { pattern: '^(?=(?:a|a)+$)' } }) },
    body: `id,at,text\n1,${at},a\n2,${at},${backtracking}\n3,${at},a\n`,
    letter: /^schema takes more than 250ms/,
  },
  {
    name: 'feed',
    keys: `type: rss, id: "not_null(key, ${quadratic('list.member')})"`,
    body: `<rss version="2.0"><channel>${[1, 2, 3].map((n) => `<item><title>${n}</title><list>${'<member>1</member>'.repeat(n === 2 ? 6_000 : 2)}</list>${n === 2 ? '' : `<key>${n}</key>`}<pubDate>Sun, 01 Nov 2026 00:00:00 GMT</pubDate></item>`).join('')}</channel></rss>`,
    letter: /^id takes more than 250ms/,
  },
  {
    name: 'loop',
    keys: 'type: module, module: loop.mjs',
    body: 'export default function* () { for (;;); }',
    error: ['TooCostly', /loop computes for more than 1s between two awaits/],
  },
  {
    name: 'microtasks',
    keys: 'type: module, module: microtasks.mjs',
    body: 'export default async function* () { for (;;) await null; }',
    error: ['TooCostly', /between two awaits/],
  },
  {
    name: 'exit',
    // Loading the module counts as well: only what computes for ever has little time.
    keys: 'type: module, module: exit.mjs, limits: { page_cpu: 60s }',
    body: 'export default function* () { process.exit(0); }',
    error: ['SourceRefused', /called process\.exit\(0\)/],
  },
  {
    name: 'memory',
    keys: 'type: module, module: memory.mjs, limits: { page_cpu: 60s }',
    body: 'const held = []; export default function* () { for (;;) held.push(new Array(1e6).fill(0)); }',
    error: ['TooCostly', /more than 512 MB of memory/],
  },
  {
    name: 'floating',
    keys: 'type: module, module: floating.mjs, limits: { page_cpu: 60s }',
    body: `export default async function* () { setTimeout(() => { throw new Error('unawaited'); }); await new Promise(() => {}); }`,
    error: ['SourceUnavailable', /unawaited/],
  },
];

let origin: Origin;
let testWorker: TestWorker;

beforeAll(async () => {
  const bodies = new Map(hostiles.map(({ name, body }) => [`/${name}`, body]));
  origin = await startOrigin((url, response) => {
    if (url.pathname === '/healthy') return void response.end(JSON.stringify([good(Date.now())]));
    response.end(bodies.get(url.pathname) ?? '[]');
  });
  const sources = hostiles.map(({ name, keys }) => {
    const isFetched = !/type: (?:file|module)/.test(keys);
    const type = /type: \w+/.test(keys.split(', paginator')[0] ?? '') ? '' : 'type: http_json, ';
    const id = /(?:^|, )id: /.test(keys) ? '' : 'id: id, ';
    const time = /occurred_at:|type: rss/.test(keys) ? '' : 'occurred_at: at, ';
    const url = isFetched ? `url: "${origin.url}/${name}", ` : '';
    return `  - { name: ${name}, ${type}${url}${id}${time}${keys} }`;
  });
  const yaml = `version: 1
defaults:
  allow_private: true
  retry: { max_attempts: 2, initial_interval: 100ms }
  limits: { record_cpu: 250ms, page_cpu: 1s }
  max_reject_ratio: 1
sources:
  - { name: healthy, type: http_json, url: "${origin.url}/healthy", id: id, occurred_at: at, schedule: null }
`;
  testWorker = await TestWorker.create(yaml);
  for (const { name, keys, body, files = {} } of hostiles) {
    for (const [file, text] of Object.entries(files)) writeFileSync(testWorker.path(file), text);
    const own = /(?:path|module): (\S+?)(?:,|$)/.exec(keys)?.[1];
    if (/type: (?:file|module)/.test(keys)) writeFileSync(testWorker.path(own ?? name), body);
  }
  await testWorker.stopWorker();
  testWorker.configure(`${yaml}${sources.join('\n')}\n`);
  await testWorker.startWorker();
});
afterAll(async () => {
  await testWorker?.close();
  await origin?.close();
});

const lettersOf = async (source: string): Promise<DeadLetter[]> =>
  listDeadLetters(createDirectoryStore(testWorker.path('data')), { source });

/** What is left of a run: its failure, dead letters, rows, timeouts. */
async function outcomeOf(source: string) {
  const handle = await testWorker.start({ source });
  const failure = await handle.result().then(
    () => null,
    (error: { cause?: { type?: string; message?: string } }) => error.cause ?? {},
  );
  const { events } = await handle.fetchHistory();
  const timeouts = (events ?? []).filter(({ activityTaskTimedOutEventAttributes: timeout }) => timeout).length;
  const letters = (await lettersOf(source)).map(({ reason, message, count }) => ({ reason, message, count }));
  const rows = await testWorker.database.count(`select count(*) from raw_events where source = '${source}'`);
  return { source, failure: failure && [failure.type, failure.message], letters, rows, timeouts };
}

const saying = (pattern: RegExp) => expect.stringMatching(pattern) as string;

function expectedOf({ name, letter, reason = 'too_costly', rows = 2, error }: Hostile) {
  return {
    source: name,
    failure: error ? [error[0], saying(error[1])] : null,
    letters: letter ? [{ reason, message: saying(letter), count: 1 }] : [],
    rows: error ? 0 : rows,
    timeouts: 0,
  };
}

test('a costly source fails alone, and a healthy one beside it stays on time', { timeout: 400_000 }, async () => {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const stop = new AbortController();
  const polls: number[] = [];
  const poll = async () => {
    while (!stop.signal.aborted) {
      const start = performance.now();
      expect(await testWorker.run('healthy')).toMatchObject({ outcome: 'ok', csv: { written: 1 } });
      polls.push(performance.now() - start);
      await sleep(250);
    }
  };
  const polling = poll();
  const outcomes = await Promise.all(hostiles.map(async ({ name }) => outcomeOf(name)));
  stop.abort();
  await polling;
  delay.disable();

  expect(outcomes).toEqual(hostiles.map(expectedOf));
  // Runs on this machine take a fraction of a second; none waits for what others compute.
  expect(polls.length).toBeGreaterThan(5);
  expect(Math.max(...polls)).toBeLessThan(20_000);
  // Heartbeats are late only where the thread that sends them is delayed.
  expect(delay.max / 1e6).toBeLessThan(5_000);
});

test('a record that took too much is not tried at every poll', async () => {
  const before = process.cpuUsage();
  await testWorker.run('unique-items');
  const { user, system } = process.cpuUsage(before);
  // To try it among the others, and once more alone, takes four seconds.
  expect((user + system) / 1e6).toBeLessThan(3);
  expect(await lettersOf('unique-items')).toMatchObject([{ reason: 'too_costly', count: 2 }]);
});

test(
  'a worker whose threads compute for minutes serves other sources, and stops on SIGTERM',
  { timeout: 180_000 },
  async () => {
    const folder = temporaryFolder();
    const namespace = await createNamespace(inject('temporalAddress'), `costly-${process.pid}`);
    const source = (name: string, more = '') =>
      `  - { name: ${name}, type: http_json, url: "${origin.url}/${name}", id: id, occurred_at: at, schedule: null${more} }\n`;
    writeFileSync(
      join(folder, 'unique-items.json'),
      schema('unique-items', { list: { uniqueItems: true } })['unique-items.json'] ?? '',
    );
    writeFileSync(join(folder, 'loop.mjs'), 'export default function* () { for (;;); }');
    writeFileSync(
      join(folder, 'daybook.yaml'),
      `version: 1
defaults: { allow_private: true, limits: { record_cpu: 1m, page_cpu: 2m } }
sources:
${source('healthy')}${source('unique-items', ', schema: unique-items.json')}${source('records', ', records: "list[?length(to_string($)) > `0`]"')}  - { name: loop, type: module, module: loop.mjs, id: id, occurred_at: at, schedule: null }
`,
    );
    // The test worker's own belongs to another store.
    const own = await createDatabase(inject('postgres'));
    const { host, port, database, user, password } = own.settings;
    const place = new CliSandbox(folder, {
      PG_HOST: host,
      PG_PORT: String(port),
      PG_DB: database,
      PG_USER: user,
      PG_PASSWORD: password,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TEMPORAL_NAMESPACE: namespace.name,
      DAYBOOK_HTTP: 'off',
    });
    const worker = place.start(['worker']);
    try {
      await worker.shows('Worker started');
      const start = async (name: string) =>
        namespace.client.workflow.start('scrapeRun', { workflowId: name, taskQueue, args: [{ source: name }] });
      const idle = cpuSecondsOf(worker.pid);
      for (const name of ['unique-items', 'records', 'loop']) await start(name);
      // To load what they need takes less.
      await until('its threads compute', () => cpuSecondsOf(worker.pid) > idle + 3, 60_000);
      const healthy = await start('healthy');
      await until(
        'the healthy source is polled',
        async () => (await healthy.describe()).status.name !== 'RUNNING',
        60_000,
      );
      expect(await healthy.result()).toMatchObject({ outcome: 'ok', csv: { written: 1 } });
      process.kill(worker.pid, 'SIGTERM');
      await until('it has stopped', () => !isAlive(worker.pid), 30_000);
      expect(await worker.stop()).toBe(0);
    } finally {
      await worker.killAll();
      await namespace.close();
      await own.drop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

/** CPU time of a process and its threads: ticks of 10 ms are fields 14 and 15 of its line. */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
