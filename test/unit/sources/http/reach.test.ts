import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PrivateAddress, SourceUnavailable } from '../../../../src/domain/errors.ts';
import type { NameLookup } from '../../../../src/sources/http/address-guard.ts';
import { createHttpClient, type HttpClient, type HttpRequest } from '../../../../src/sources/http/http-client.ts';
import { createRobotsRules } from '../../../../src/sources/http/robots.ts';
import { startOrigin, type Origin } from '../../../support/servers/origin.ts';
import { request } from './http-requests.ts';
import { httpPlan } from '../plans.ts';

const signal = new AbortController().signal;

/** What names stand for here; any other name is not known. */
const names: Readonly<Record<string, readonly string[]>> = {
  localhost: ['127.0.0.1'],
  'good.test': ['127.0.0.1'],
  'metadata.test': ['169.254.169.254'],
  'metadata6.test': ['fd00:ec2::254'],
  'nat64.test': ['64:ff9b::a9fe:a9fe'],
  'mixed.test': ['169.254.169.254', '127.0.0.1'],
  'wire.test': ['168.63.129.16'],
  'link-local.test': ['169.254.7.7'],
};
const lookUp: NameLookup = (hostname, _options, done) => {
  const found = names[hostname];
  if (!found) return done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' }), []);
  done(
    null,
    found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  );
};

/** Every spelling of an address at which clouds keep secrets, and names that lead there. */
const metadata = [
  '169.254.169.254',
  '169.254.169.254.',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.254.43518',
  '169.254.170.2',
  '169.254.170.23',
  '100.100.100.200',
  '168.63.129.16',
  '[fd00:ec2::254]',
  '[fd20:ce::254]',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '[64:ff9b::169.254.169.254]',
  '[64:ff9b:1:a9fe:a9:fe00::]',
  '[2002:a9fe:a9fe::1]',
  '[::169.254.169.254]',
  '[::ffff:0:169.254.169.254]',
  '[2a00:1450::a9fe:a9fe]',
  '[2001:0:4136:e378:8000:63bf:5601:5601]',
  '１６９.254.169.254',
  '[64:ff9b::168.63.129.16]',
  'metadata.google.internal',
  'METADATA.Google.Internal',
  'metadata.google.internal.',
];
/** Names of which only the system that looks them up knows where they lead. */
const looked = ['metadata.test', 'metadata6.test', 'nat64.test', 'wire.test'];

let origin: Origin;
let proxy: Server;
let proxied: string[] = [];
let proxyUrl: string;
beforeAll(async () => {
  origin = await startOrigin();
  proxy = createServer((incoming, response) => {
    proxied.push(incoming.url ?? '');
    response.end('through the proxy');
  });
  proxy.on('connect', (incoming, socket) => {
    proxied.push(incoming.url ?? '');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  proxyUrl = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
});
beforeEach(() => {
  proxied = [];
  origin.answer((_url, response) => void response.end('[]'));
});
afterAll(async () => {
  await origin.close();
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
});

async function withClient<T>(environment: object, work: (client: HttpClient) => Promise<T>): Promise<T> {
  const client = createHttpClient('daybook/test', environment, lookUp);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

async function failureOf(url: string, fields: Partial<HttpRequest> = {}, environment: object = {}): Promise<Error> {
  return withClient(environment, (client) =>
    client.send(request(url, { timeoutMs: 2_000, ...fields }), signal).then(
      ({ status }) => new Error(`answered ${status}`),
      (error: unknown) => error as Error,
    ),
  );
}

describe('a metadata address', () => {
  test.each([...metadata, ...looked])('is not reached as %s, although private addresses are allowed', async (host) => {
    for (const scheme of ['http', 'https']) {
      const error = await failureOf(`${scheme}://${host}/latest/meta-data/`);
      expect(error).toBeInstanceOf(PrivateAddress);
      expect(error.message).toContain('metadata');
    }
  });

  test.each([...metadata, ...looked])('is not reached by a redirect to %s', async (host) => {
    origin.answer(
      (_url, response) =>
        void response
          .writeHead(302, { location: `http://${encodeURI(host).replaceAll(/%5[BD]/g, decodeURI)}/latest/` })
          .end(),
    );
    expect(await failureOf(origin.url)).toBeInstanceOf(PrivateAddress);
  });

  test.each(metadata)('is not requested from a proxy as %s', async (host) => {
    for (const scheme of ['http', 'https']) {
      const url = `${scheme}://${host}/`;
      expect(await failureOf(url, { proxy: proxyUrl })).toBeInstanceOf(PrivateAddress);
      expect(await failureOf(url, {}, { httpProxy: proxyUrl, httpsProxy: proxyUrl })).toBeInstanceOf(PrivateAddress);
    }
    expect(proxied).toEqual([]);
  });

  test.each(['http://169.254.169.254:3128', 'http://metadata.test:3128', 'http://[fd00:ec2::254]:3128'])(
    'is not used as a proxy either: %s',
    async (address) => {
      expect(await failureOf('http://good.test/', { proxy: address })).toBeInstanceOf(PrivateAddress);
      expect(await failureOf('https://good.test/', { proxy: address })).toBeInstanceOf(PrivateAddress);
    },
  );

  test.each(metadata)('at a link to %s is not asked for its robots.txt', async (host) => {
    await withClient({}, async (client) => {
      const plan = httpPlan({ url: `${origin.url}/`, allowPrivate: true, obeyRobots: true });
      const robots = createRobotsRules(client, 'daybook');
      await expect(robots.check(plan, new URL(`http://${host}/latest/`), signal)).rejects.toBeInstanceOf(
        PrivateAddress,
      );
    });
  });

  test('among the addresses of a name is passed over', async () => {
    const { port } = new URL(origin.url);
    const { status } = await withClient({}, (client) => client.send(request(`http://mixed.test:${port}/`), signal));
    expect(status).toBe(200);
  });
});

describe('a link-local address', () => {
  test.each(['169.254.7.7', 'link-local.test', '[::ffff:169.254.7.7]'])(
    'at a link to %s is not asked for its robots.txt',
    async (host) => {
      await withClient({}, async (client) => {
        const plan = httpPlan({ url: `${origin.url}/`, allowPrivate: true, obeyRobots: true });
        const robots = createRobotsRules(client, 'daybook');
        await expect(robots.check(plan, new URL(`http://${host}/`), signal)).rejects.toBeInstanceOf(PrivateAddress);
      });
    },
  );
});

describe('what NO_PROXY excepts', () => {
  const excepted: [host: string, noProxy: string][] = [
    ['127.0.0.1', '127.0.0.1:80'],
    ['127.0.0.1:80', '127.0.0.1:80'],
    ['localhost', 'localhost:80'],
    ['good.test', 'good.test:80'],
    ['good.test', '.test:80'],
    ['good.test', '*'],
    ['[::1]', '[::1]:80'],
  ];
  test.each(excepted)('%s by %s is asked directly, and only where it may be', async (host, noProxy) => {
    const error = await failureOf(`http://${host}/`, { allowPrivate: false }, { httpProxy: proxyUrl, noProxy });
    expect(error).toBeInstanceOf(PrivateAddress);
    expect(proxied).toEqual([]);
  });

  test('by the port of https is asked directly, and only where it may be', async () => {
    const environment = { httpsProxy: proxyUrl, noProxy: 'good.test:443' };
    const error = await failureOf('https://good.test/', { allowPrivate: false }, environment);
    expect(error).toBeInstanceOf(PrivateAddress);
    expect(proxied).toEqual([]);
  });

  test('by another port is asked through the proxy', async () => {
    const environment = { httpProxy: proxyUrl, noProxy: 'api.test:8080' };
    await withClient(environment, (client) =>
      client.send(request('http://api.test/', { allowPrivate: false }), signal),
    );
    expect(proxied).toEqual(['http://api.test/']);
  });
});

describe('a request through a proxy', () => {
  test.each([
    'http://localhost/',
    'http://LOCALHOST:8080/',
    'http://a.localhost/',
    'http://10.0.0.1/',
    'http://127.1/',
  ])('to %s is refused where private addresses are not allowed', async (url) => {
    expect(await failureOf(url, { allowPrivate: false, proxy: proxyUrl })).toBeInstanceOf(PrivateAddress);
    expect(proxied).toEqual([]);
  });

  test('to a private name or address goes out where that is allowed', async () => {
    await withClient({}, async (client) => {
      for (const url of ['http://localhost/', 'http://10.0.0.1/']) {
        expect((await client.send(request(url, { proxy: proxyUrl }), signal)).status).toBe(200);
      }
    });
    expect(proxied).toEqual(['http://localhost/', 'http://10.0.0.1/']);
  });
});

test('a name that is not known is a source that cannot be reached', async () => {
  expect(await failureOf('http://nowhere.test/')).toBeInstanceOf(SourceUnavailable);
});
