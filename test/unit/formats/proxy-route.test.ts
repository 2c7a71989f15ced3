import { EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { describe, expect, test } from 'vitest';
import { routeOf } from '../../../src/formats/proxy-route.ts';

const httpProxy = 'http://proxy.test:3128';
const httpsProxy = 'http://secure-proxy.test:3128';

/** What undici's own agent for these variables would do with a request: `direct`, or the proxy's name. */
function undiciRoute(url: URL, noProxy: string): string {
  const agent = new EnvHttpProxyAgent({ httpProxy, httpsProxy, noProxy });
  let taken = 'nothing';
  const parts: readonly [string, string | null][] = [
    ['no proxy agent', null],
    ['http proxy agent', httpProxy],
    ['https proxy agent', httpsProxy],
  ];
  for (const [description, proxy] of parts) {
    const symbol = Object.getOwnPropertySymbols(agent).find((one) => one.description === description);
    const part = (agent as unknown as Record<symbol, Dispatcher>)[symbol ?? Symbol('missing')];
    if (part) part.dispatch = () => ((taken = proxy ?? 'direct'), true);
  }
  agent.dispatch({ origin: url.origin, path: '/', method: 'GET' }, {});
  void agent.destroy();
  return taken;
}

const urls = [
  'http://api.test/',
  'http://api.test:80/',
  'http://api.test:8080/',
  'https://api.test/',
  'https://api.test:443/',
  'https://api.test:80/',
  'http://deep.api.test/',
  'http://otherapi.test/',
  'http://API.test/',
  'http://127.0.0.1/',
  'http://127.0.0.1:9000/',
  'http://[::1]/',
  'http://[::1]:8080/',
  'http://2130706433/',
];
const lists = [
  '',
  '*',
  'api.test',
  'api.test:80',
  'api.test:443',
  'api.test:8080',
  '.api.test',
  '*.api.test',
  'API.TEST:80',
  '127.0.0.1:80',
  '127.0.0.1',
  'x.test, api.test:443',
  'x.test api.test:80',
  '[::1]',
  '[::1]:80',
  ',, ,',
  'test',
];

describe('routeOf', () => {
  test.each(lists)('with NO_PROXY="%s" routes like undici', (noProxy) => {
    for (const address of urls) {
      const url = new URL(address);
      const route = routeOf(url, null, { httpProxy, httpsProxy, noProxy }).proxy ?? 'direct';
      expect(`${address} ${route}`).toBe(`${address} ${undiciRoute(url, noProxy)}`);
    }
  });

  test('takes the proxy of http for https where no other is named', () => {
    expect(routeOf(new URL('https://api.test/'), null, { httpProxy })).toEqual({ proxy: httpProxy });
    expect(routeOf(new URL('http://api.test/'), null, { httpsProxy })).toEqual({ proxy: null });
  });

  test("takes a source's own proxy, whatever the environment says", () => {
    const environment = { httpProxy, noProxy: '*' };
    expect(routeOf(new URL('http://api.test/'), 'http://own.test/', environment)).toEqual({
      proxy: 'http://own.test/',
    });
  });

  test('knows an IPv6 address without brackets in NO_PROXY', () => {
    expect(routeOf(new URL('http://[::1]:80/'), null, { httpProxy, noProxy: '::1' })).toEqual({ proxy: null });
    expect(routeOf(new URL('http://[::2]/'), null, { httpProxy, noProxy: '::1' })).toEqual({ proxy: httpProxy });
  });
});
