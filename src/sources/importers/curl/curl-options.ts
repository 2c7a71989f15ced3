/** How an option of curl is taken. */
export type CurlOption =
  /** Part of the request; most have a value. */
  | { readonly kind: 'request'; readonly hasValue: boolean }
  /** Makes no difference to what is requested. */
  | { readonly kind: 'ignored'; readonly hasValue: boolean }
  /** Left out, with what a person should know. */
  | { readonly kind: 'noted'; readonly hasValue: boolean; readonly note: string }
  /** Nothing that Daybook can request. */
  | { readonly kind: 'refused'; readonly expected: string };

/** Short options by their long names. */
const shortNames: Readonly<Record<string, string>> = {
  '#': 'progress-bar',
  ':': 'next',
  0: 'http1.0',
  1: 'tlsv1',
  2: 'sslv2',
  3: 'sslv3',
  4: 'ipv4',
  6: 'ipv6',
  A: 'user-agent',
  C: 'continue-at',
  D: 'dump-header',
  E: 'cert',
  F: 'form',
  G: 'get',
  H: 'header',
  I: 'head',
  J: 'remote-header-name',
  K: 'config',
  L: 'location',
  N: 'no-buffer',
  O: 'remote-name',
  R: 'remote-time',
  S: 'show-error',
  T: 'upload-file',
  U: 'proxy-user',
  X: 'request',
  Y: 'speed-limit',
  Z: 'parallel',
  a: 'append',
  b: 'cookie',
  c: 'cookie-jar',
  d: 'data',
  e: 'referer',
  f: 'fail',
  g: 'globoff',
  i: 'include',
  k: 'insecure',
  m: 'max-time',
  n: 'netrc',
  o: 'output',
  p: 'proxytunnel',
  q: 'disable',
  r: 'range',
  s: 'silent',
  u: 'user',
  v: 'verbose',
  w: 'write-out',
  x: 'proxy',
  y: 'speed-time',
  z: 'time-cond',
};

const certificates = 'a client certificate is not taken over';
const route = 'not taken over: the name is looked up as usual';

const options: ReadonlyMap<string, CurlOption> = new Map<string, CurlOption>([
  ...each(
    'request header cookie user data data-ascii data-raw data-binary data-urlencode json url proxy proxy-user max-time oauth2-bearer',
    { kind: 'request', hasValue: true },
  ),
  ...each('get', { kind: 'request', hasValue: false }),
  ...each(
    `output write-out dump-header cookie-jar connect-timeout retry retry-delay retry-max-time speed-limit speed-time limit-rate rate
    max-redirs ciphers tls13-ciphers curves tls-max interface dns-servers stderr trace trace-ascii keepalive-time max-filesize local-port
    output-dir happy-eyeballs-timeout-ms expect100-timeout parallel-max proto proto-default proto-redir time-cond continue-at referer
    user-agent`,
    { kind: 'ignored', hasValue: true },
  ),
  ...each(
    `silent show-error verbose include location fail fail-with-body fail-early progress-bar no-progress-meter no-buffer globoff ipv4
    ipv6 http1.0 http1.1 http2 http2-prior-knowledge http3 http3-only http0.9 tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 sslv2 sslv3
    tcp-nodelay tcp-fastopen no-keepalive keepalive basic anyauth remote-name remote-header-name remote-name-all remote-time create-dirs
    path-as-is parallel parallel-immediate no-sessionid ssl-reqd ssl styled-output no-styled-output raw compressed no-compressed disable
    post301 post302 post303 retry-connrefused retry-all-errors trace-time trace-ids disallow-username-in-url no-alpn no-npn
    junk-session-cookies proxytunnel remove-on-error no-clobber http2-no-server-push tr-encoding location-trusted`,
    { kind: 'ignored', hasValue: false },
  ),
  ...each('insecure proxy-insecure ssl-no-revoke', {
    kind: 'noted',
    hasValue: false,
    note: 'not taken over: Daybook always verifies certificates (a CA of your own: NODE_EXTRA_CA_CERTS)',
  }),
  ...each('range', { kind: 'noted', hasValue: true, note: 'not taken over: a source reads whole answers' }),
  ...each('cacert capath', {
    kind: 'noted',
    hasValue: true,
    note: 'not taken over: set NODE_EXTRA_CA_CERTS to the file of that CA',
  }),
  ...each('cert cert-type key key-type pass', { kind: 'noted', hasValue: true, note: certificates }),
  ...each('resolve connect-to unix-socket abstract-unix-socket doh-url', {
    kind: 'noted',
    hasValue: true,
    note: route,
  }),
  ...each('noproxy', { kind: 'noted', hasValue: true, note: 'not taken over: set NO_PROXY in the environment' }),
  ...each('socks4 socks4a socks5 socks5-hostname preproxy', {
    kind: 'noted',
    hasValue: true,
    note: 'not taken over: proxies are http or https',
  }),
  ...each('netrc netrc-optional', {
    kind: 'noted',
    hasValue: false,
    note: 'not read: give the user and password with -u',
  }),
  ...each('netrc-file', { kind: 'noted', hasValue: true, note: 'not read: give the user and password with -u' }),
  ...each('form form-string', { kind: 'refused', expected: 'a body of JSON or of URL-encoded fields (-d)' }),
  ...each('upload-file append', { kind: 'refused', expected: 'a request that reads, GET or POST' }),
  ...each('head', { kind: 'refused', expected: 'a request whose answer has a body, GET or POST' }),
  ...each('config', { kind: 'refused', expected: 'its options in the command itself' }),
  ...each('next', { kind: 'refused', expected: 'one request' }),
  ...each('digest ntlm ntlm-wb negotiate aws-sigv4 proxy-digest proxy-ntlm proxy-negotiate', {
    kind: 'refused',
    expected: 'basic authentication (-u), or a token or key in a header',
  }),
]);

function each(names: string, option: CurlOption): [string, CurlOption][] {
  return names.split(/\s+/).map((name) => [name, option]);
}

/** What curl calls a short option; undefined if it has none of that letter. */
export function longName(letter: string): string | undefined {
  return Object.hasOwn(shortNames, letter) ? shortNames[letter] : undefined;
}

/** How an option is taken, by its long name; undefined for one that is unknown. */
export function curlOption(name: string): CurlOption | undefined {
  return options.get(name);
}
