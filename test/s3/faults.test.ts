import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { SinkUnavailable } from '../../src/domain/errors.ts';
import type { S3Setting } from '../../src/domain/storage/store-setting.ts';
import { createS3Store, type S3Store } from '../../src/store/s3/s3-store.ts';
import { startFaultProxy, type Fault, type FaultProxy } from '../support/servers/fault-proxy.ts';
import { server, settingOf } from './s3-setting.ts';

let proxy: FaultProxy;
let store: S3Store;
let setting: S3Setting;
/** Where a server that says nothing is the subject. */
const timeouts = { connectMs: 500, idleMs: 400, answerMs: 1_000 };
/** Where it is not: a busy machine must not be taken for such a server. */
const unhurried = { connectMs: 5_000, idleMs: 10_000, answerMs: 10_000 };
/** The same objects, without faults. */
let direct: S3Store;
beforeAll(async () => {
  proxy = await startFaultProxy(server?.endpoint ?? 'http://127.0.0.1:1');
});
beforeEach(async () => {
  setting = settingOf(server, proxy.endpoint);
  store = createS3Store(setting, unhurried);
  direct = createS3Store({ ...setting, endpoint: server?.endpoint ?? null });
  if (server !== null) await store.prove();
});
afterEach(() => {
  vi.unstubAllEnvs();
  proxy.reset();
});
afterAll(() => proxy.close());

const [put, complete, part] = [/^PUT (?!.*partNumber)/, /^POST .*uploadId=/, /^PUT .*partNumber=2/];
const answer = (status: number, code: string): Fault => ({ answer: { status, code } });
const doneThen = (status: number, code: string): Fault => ({ answer: { status, code }, after: true });
const text = async (path: string) => (await direct.get(path))?.toString() ?? null;
const count = (line: RegExp) => proxy.seen.filter((seen) => line.test(seen.line)).length;

const large = Buffer.alloc(9 * 1024 * 1024, 'daybook ');
async function* twoParts(): AsyncGenerator<Uint8Array> {
  yield large;
}

describe.skipIf(server === null)('a conditional write', () => {
  const own: readonly [string, readonly Fault[]][] = [
    ['an answer that is lost', ['lose']],
    ['all answers but the last one lost', ['lose', 'lose']],
    ['an answer that never comes', [{ before: async () => {}, fault: 'lose' }]],
    ['a 500 once it is done', [doneThen(500, 'InternalError')]],
    ['a 503 before', [answer(503, 'SlowDown')]],
    ['a request that never arrives', ['drop']],
    ['a conflict with another writer', [answer(409, 'ConditionalRequestConflict')]],
    ['a lost answer and a conflict', ['lose', answer(409, 'ConditionalRequestConflict')]],
  ];
  test.each(own)('knows its own object after %s', async (_, faults) => {
    proxy.next(put, ...faults);
    expect(await store.putIfAbsent('own', 'mine')).toBe(true);
    expect(await text('own')).toBe('mine');
  });

  test.each(own)('knows the object of another writer after %s', async (_, faults) => {
    await direct.put('other', 'theirs');
    proxy.next(put, ...faults);
    expect(await store.putIfAbsent('other', 'mine')).toBe(false);
    expect(await text('other')).toBe('theirs');
  });

  test('that met another writer between its tries has lost', async () => {
    proxy.next(put, { before: async () => direct.put('between', 'theirs'), fault: 'drop' });
    expect(await store.putIfAbsent('between', 'mine')).toBe(false);
    expect(await text('between')).toBe('theirs');
  });

  test('whose answers are all lost is settled by a look at the object', async () => {
    proxy.always(put, 'lose');
    expect(await store.putIfAbsent('settled', 'mine')).toBe(true);
    proxy.always(put, 'drop');
    await expect(store.putIfAbsent('absent', 'mine')).rejects.toBeInstanceOf(SinkUnavailable);
    expect(await text('absent')).toBeNull();
  });

  test.each([
    { ...timeouts, idleMs: 60_000, answerMs: 400 },
    { ...timeouts, idleMs: 400, answerMs: 60_000 },
  ])('fails within a limited time where no answer comes: %j', async (limits) => {
    const limited = createS3Store(setting, limits);
    await limited.prove();
    proxy.always(put, 'hole');
    const startedAt = performance.now();
    await expect(limited.putIfAbsent('hole', 'mine')).rejects.toBeInstanceOf(SinkUnavailable);
    expect(performance.now() - startedAt).toBeLessThan(8_000);
  });

  test('of 16 clients at once, with lost answers, has one winner for each key', async () => {
    proxy.next(put, ...Array.from({ length: 160 }, (_, n): Fault | null => (n % 5 === 0 ? 'lose' : null)));
    for (let key = 0; key < 10; key++) {
      const won = await Promise.all(
        Array.from({ length: 16 }, async (_, client) => store.putIfAbsent(`race/${key}`, String(client))),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await text(`race/${key}`)).toBe(String(won.indexOf(true)));
    }
  });
});

test.skipIf(server === null)('a bucket that does not give back metadata is refused', async () => {
  proxy.always(/^HEAD/, 'bare');
  await expect(createS3Store(setting, timeouts).prove()).rejects.toMatchObject({
    type: 'UsageError',
    message: expect.stringMatching(/a HEAD did not give back the metadata of a PUT; records would be lost/),
  });
});

describe.skipIf(server === null)('a conditional write of a stream', () => {
  const own: readonly [string, RegExp, readonly Fault[]][] = [
    ['a part is lost', part, ['drop']],
    ['the answer to a part is lost', part, ['lose']],
    ['the answer to the completion is lost', complete, ['lose']],
    ['all answers to the completion are lost', complete, ['lose', 'lose', 'lose']],
    ['its own object answers 412 to the repeated completion', complete, ['lose', answer(412, 'PreconditionFailed')]],
    ['the completion is lost', complete, ['drop']],
    ['the completion is answered 200 with an error', complete, [answer(200, 'InternalError')]],
    ['the completion is done, and answered 500', complete, [doneThen(500, 'InternalError')]],
  ];
  test.each(own)('is stored where %s', async (_, line, faults) => {
    proxy.next(line, ...faults);
    expect(await store.putStreamIfAbsent('large', twoParts())).toBe(true);
    expect((await direct.get('large'))?.equals(large)).toBe(true);
  });

  test.each([
    ['in between', null],
    ['and the completion is answered 200 with a failed condition', answer(200, 'PreconditionFailed')],
    ['and the completion meets a conflict', answer(409, 'ConditionalRequestConflict')],
  ] as const)('has lost where another writer came %s', async (_, fault) => {
    proxy.next(complete, { before: async () => direct.put('large', 'theirs'), fault });
    expect(await store.putStreamIfAbsent('large', twoParts())).toBe(false);
    expect(await text('large')).toBe('theirs');
    expect(count(/^DELETE .*uploadId=/)).toBeGreaterThan(0);
  });

  test('waits for its completion as long as its parts may take', async () => {
    const { answerMs } = timeouts;
    const limited = createS3Store(setting, { ...unhurried, answerMs });
    await limited.prove();
    const before = async () => new Promise<void>((resolve) => setTimeout(resolve, answerMs + 200));
    proxy.next(complete, { before, fault: null });
    const asked = proxy.seen.length;
    expect(await limited.putStreamIfAbsent('large', twoParts())).toBe(true);
    expect(proxy.seen.slice(asked).filter(({ line }) => complete.test(line))).toHaveLength(1);
  });

  test('is repeated as a whole where its completion meets a conflict and there is no object', async () => {
    proxy.next(complete, answer(409, 'ConditionalRequestConflict'));
    await expect(store.putStreamIfAbsent('large', twoParts())).rejects.toBeInstanceOf(SinkUnavailable);
    expect(await store.putStreamIfAbsent('large', twoParts())).toBe(true);
  });
});

describe.skipIf(server === null)('a read', () => {
  const get = /^GET .*x-id=GetObject/;
  const content = Buffer.from(Array.from({ length: 400_000 }, (_, n) => n % 251));
  const streamed = async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await store.getStream('blob')) ?? []) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  beforeEach(async () => {
    store = createS3Store(setting, timeouts);
    await direct.put('blob', content);
  });

  test.each(['cut', 'stall', 'drop', 'lose', answer(503, 'SlowDown')] as const)(
    'is repeated after %j',
    async (fault) => {
      proxy.next(get, fault);
      expect((await store.get('blob'))?.equals(content)).toBe(true);
    },
  );

  test.each(['cut', 'stall'] as const)('of a stream continues where its body was %s', async (fault) => {
    proxy.next(get, fault, fault, fault);
    expect((await streamed()).equals(content)).toBe(true);
    const [continued] = proxy.seen.filter(({ headers }) => headers.range !== undefined).slice(-1);
    expect(continued?.headers['if-match']).toBeDefined();
  });

  test('of a stream fails where the object was replaced meanwhile', async () => {
    proxy.next(get, 'cut', { before: async () => direct.put('blob', 'other'), fault: null });
    await expect(streamed()).rejects.toThrow(/could not read s3:.*blob: .*replaced while it was read/);
  });

  test('of a stream fails where the store stays unavailable', async () => {
    proxy.next(get, 'cut');
    const stream = await store.getStream('blob');
    proxy.always(get, 'drop');
    const reading = (async () => {
      for await (const _ of stream ?? []);
    })();
    await expect(reading).rejects.toBeInstanceOf(SinkUnavailable);
  });

  test('with checksums is repeated as well, and ends no process where no one reads on', async () => {
    // The SDK reads the address itself, so it asks as it asks AWS.
    vi.stubEnv('AWS_ENDPOINT_URL_S3', proxy.endpoint);
    const checked = createS3Store({ ...setting, endpoint: null }, timeouts);
    await checked.put('checked', content);
    for (const fault of ['cut', 'stall'] as const) {
      proxy.next(get, fault);
      expect((await checked.get('checked'))?.equals(content)).toBe(true);
    }
    proxy.next(get, 'cut');
    await checked.getStream('checked');
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(proxy.seen.at(-1)?.headers['x-amz-checksum-mode']).toBe('ENABLED');
  });
});

describe.skipIf(server === null)('a failure names', () => {
  const [list, remove] = [/^GET .*list-type=2/, /^DELETE/];
  const denied = answer(403, 'AccessDenied');
  test.each([
    [
      'the right to write',
      put,
      () => store.put('a', 'x'),
      denied,
      /AccessDenied.*grant s3:PutObject on arn:aws:s3:::daybook\/tests\/.*\/\*$/,
    ],
    [
      'the rights to read',
      /^GET/,
      () => store.get('a'),
      denied,
      /grant s3:GetObject on .*, and s3:ListBucket on arn:aws:s3:::daybook$/,
    ],
    [
      'the right to list',
      list,
      () => store.list('a'),
      denied,
      /could not list .*grant s3:ListBucket on arn:aws:s3:::daybook$/,
    ],
    ['the right to delete', remove, () => store.delete('a'), denied, /grant s3:DeleteObject on/],
    [
      'the rights of the sweep',
      /uploads/,
      () => store.deleteLeftovers(new AbortController().signal),
      denied,
      /grant s3:ListBucketMultipartUploads and s3:AbortMultipartUpload/,
    ],
    [
      'the bucket',
      put,
      () => store.put('a', 'x'),
      answer(404, 'NoSuchBucket'),
      /create the bucket daybook, or correct DAYBOOK_STORE/,
    ],
    ['the keys', put, () => store.put('a', 'x'), answer(403, 'InvalidAccessKeyId'), /check AWS_ACCESS_KEY_ID/],
    [
      'expired keys',
      put,
      () => store.put('a', 'x'),
      answer(400, 'ExpiredToken'),
      /have expired: renew AWS_ACCESS_KEY_ID/,
    ],
    [
      'the region',
      put,
      () => store.put('a', 'x'),
      answer(301, 'PermanentRedirect'),
      /set AWS_REGION to the region of the bucket daybook/,
    ],
    ['the proxy', put, () => store.put('a', 'x'), answer(407, 'ProxyAuthenticationRequired'), /HTTPS_PROXY/],
  ] as const)('%s', async (_, line, work, fault, message) => {
    proxy.always(line, fault);
    const error: unknown = await work().catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(SinkUnavailable);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain(server?.secretAccessKey);
  });

  test('what is missing by the check of the rights', async () => {
    proxy.always(/uploads/, denied);
    await expect(store.checkRights()).rejects.toThrow(/s3:ListBucketMultipartUploads/);
  });

  test('an address without a server', async () => {
    const none = createS3Store(settingOf(server, 'http://127.0.0.1:1'));
    await expect(none.get('a')).rejects.toThrow(/could not read s3:\/\/daybook\/tests\/.*\/a: .*ECONNREFUSED/);
  });
});
