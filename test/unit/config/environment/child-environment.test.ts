import { describe, expect, test } from 'vitest';
import {
  buildEnvironment,
  downloadEnvironment,
  nodeEnvironment,
  systemEnvironment,
} from '../../../../src/config/environment/child-environment.ts';

const system = { PATH: '/bin', HOME: '/root', LANG: 'C.UTF-8', LC_ALL: 'C', TMPDIR: '/tmp', TZ: 'UTC', Path: 'C:\\' };
const node = { NODE_OPTIONS: '--no-warnings' };
const network = { HTTPS_PROXY: 'http://a', https_proxy: 'http://b', no_proxy: '*', NODE_EXTRA_CA_CERTS: '/ca.pem' };
const go = { GOPROXY: 'https://proxy.example.com', GOFLAGS: '-mod=mod', CGO_ENABLED: '0', GOPATH: '/go' };
const secrets = {
  PG_PASSWORD: 's',
  PGPASSWORD: 's',
  TEMPORAL_API_KEY: 's',
  DAYBOOK_ALERT_WEBHOOK: 's',
  API_TOKEN: 's',
  AWS_SECRET_ACCESS_KEY: 's',
  GOOGLE_APPLICATION_CREDENTIALS: 's',
  GOOGLE_API_KEY: 's',
  GITHUB_TOKEN: 's',
  NPM_TOKEN: 's',
  NODE_AUTH_TOKEN: 's',
  SSH_AUTH_SOCK: 's',
  GIT_ASKPASS: 's',
  LCX: 's',
  PATHOLOGY: 's',
};
const all = { ...system, ...node, ...network, ...go, ...secrets, UNSET: undefined };

describe('a child process gets of the environment', () => {
  test.each([
    ['as a server or a tool, where programs are and which language is spoken', systemEnvironment, system],
    ['as a program of ours, the options of Node.js, too', nodeEnvironment, { ...system, ...node }],
    ['as a download, proxies and authorities, too', downloadEnvironment, { ...system, ...node, ...network }],
    ['as a build, the settings of Go, too', buildEnvironment, { ...system, ...node, ...network, ...go }],
  ])('%s, and nothing else', (_, choose, expected) => {
    expect(choose(all)).toEqual(expected);
  });
});
