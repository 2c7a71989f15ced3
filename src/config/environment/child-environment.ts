type Variables = Readonly<Record<string, string | undefined>>;

/** What any program may need to run, by system: where programs, homes and temporary files are, and its language. */
const always = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TMPDIR',
  'TMP',
  'TEMP',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'NIX_LD',
  'NIX_LD_LIBRARY_PATH',
  'SYSTEMROOT',
  'SYSTEMDRIVE',
  'WINDIR',
  'COMSPEC',
  'PATHEXT',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'PROGRAMDATA',
  'PROGRAMFILES',
  'NUMBER_OF_PROCESSORS',
  'PROCESSOR_ARCHITECTURE',
];

/** What downloads need: proxies, and authorities whose certificates are trusted. */
const network = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
];

/** For a server or a tool of the system: no secret. */
export function systemEnvironment(variables: Variables = process.env): Record<string, string> {
  return chosen(variables, (name) => always.includes(name) || name.startsWith('LC_'));
}

/** For a program of ours that Node.js runs, and that needs no secret. */
export function nodeEnvironment(variables: Variables = process.env): Record<string, string> {
  return { ...systemEnvironment(variables), ...chosen(variables, (name) => name === 'NODE_OPTIONS') };
}

/** For a program that downloads; proxies may want a password. */
export function downloadEnvironment(variables: Variables = process.env): Record<string, string> {
  return { ...nodeEnvironment(variables), ...chosen(variables, (name) => network.includes(name)) };
}

/** For a download by pip, whose variables name the index; it may want a password. */
export function wheelEnvironment(variables: Variables = process.env): Record<string, string> {
  return { ...downloadEnvironment(variables), ...chosen(variables, (name) => name.startsWith('PIP_')) };
}

/** Variables of Go, one by one: a pattern would let `GOOGLE_…` through. */
const go = [
  'GOPATH',
  'GOROOT',
  'GOBIN',
  'GOCACHE',
  'GOMODCACHE',
  'GOTMPDIR',
  'GOENV',
  'GOFLAGS',
  'GOTOOLCHAIN',
  'GODEBUG',
  'GOPROXY',
  'GOPRIVATE',
  'GONOPROXY',
  'GONOSUMDB',
  'GOSUMDB',
  'GOINSECURE',
  'GOVCS',
  'GOAUTH',
  'GO111MODULE',
  'GOOS',
  'GOARCH',
  'GOAMD64',
  'GOARM',
  'GOARM64',
  'GOMAXPROCS',
  'GOMEMLIMIT',
  'GOEXPERIMENT',
  'GOTELEMETRY',
  'CC',
  'CXX',
  'CGO_ENABLED',
  'CGO_CFLAGS',
  'CGO_LDFLAGS',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
];

/** For a build with Go; the proxy of its modules may want a password. */
export function buildEnvironment(variables: Variables = process.env): Record<string, string> {
  return { ...downloadEnvironment(variables), ...chosen(variables, (name) => go.includes(name)) };
}

function chosen(variables: Variables, isNeeded: (name: string) => boolean): Record<string, string> {
  const found = Object.entries(variables).flatMap(([name, value]): [string, string][] =>
    value !== undefined && isNeeded(name.toUpperCase()) ? [[name, value]] : [],
  );
  return Object.fromEntries(found);
}
