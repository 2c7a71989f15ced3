import type { LookupAddress } from 'node:dns';
import { describe, expect, test } from 'vitest';
import { PrivateAddress } from '../../../../src/domain/errors.ts';
import {
  createLookup,
  isWithinReach,
  assertHostAllowed,
  type Reach,
} from '../../../../src/sources/http/address-guard.ts';

const publicAddresses = ['8.8.8.8', '93.184.216.34', '::ffff:8.8.8.8', '2606:4700::1111', '64:ff9b::808:808'];
const otherAddresses = [
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '100.64.0.1',
  '192.0.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  'fc00::1',
  'fd00:ec2::254',
  'fec0::1',
  'ff02::1',
  '64:ff9b::7f00:1',
  '64:ff9b::a00:1',
  '2002:7f00:1::',
  '2001:db8::1',
  '100::1',
  // Local NAT64 (RFC 8215): its target is not in its last four bytes.
  '64:ff9b:1:7f00:0:100:808:808',
];
const linkLocal = ['169.254.169.254', '169.254.0.1', '::ffff:169.254.169.254', 'fe80::1', '64:ff9b::a9fe:a9fe'];

describe('isWithinReach', () => {
  test.each(publicAddresses)('public takes in %s', (address) => {
    expect(isWithinReach(address, 'public')).toBe(true);
  });

  test.each([...otherAddresses, ...linkLocal])('public leaves out %s', (address) => {
    expect(isWithinReach(address, 'public')).toBe(false);
  });

  test.each(linkLocal)('not-link-local leaves out %s', (address) => {
    expect(isWithinReach(address, 'not-link-local')).toBe(false);
  });

  test.each(['127.0.0.1', '10.0.0.1', '::1', 'fd00::1', '8.8.8.8'])('not-link-local takes in %s', (address) => {
    expect(isWithinReach(address, 'not-link-local')).toBe(true);
  });
});

describe('refuseHost', () => {
  test.each([
    'http://127.0.0.1:8080/x',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://①②⑦.0.0.1/',
    'http://127.0.0.1./',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::7f00:1]/',
    'https://user:password@10.0.0.1/',
  ])('refuses %s', (url) => {
    expect(() => assertHostAllowed(new URL(url), 'public', 'news')).toThrow(PrivateAddress);
  });

  test('says which name leads where, and what allows it', () => {
    expect(() => assertHostAllowed(new URL('http://2130706433/'), 'public', 'news')).toThrow(
      'fetch: news leads to 127.0.0.1, expected a public address; set allow_private: true to allow private ones',
    );
  });

  test('accepts names: they are checked when connecting', () => {
    expect(() => assertHostAllowed(new URL('http://localhost/'), 'public', 'news')).not.toThrow();
  });
});

describe('createLookup', () => {
  const look = (hostname: string, reach: Reach, all: boolean) =>
    new Promise<{ error: Error | null; address: string | LookupAddress[] }>((resolve) =>
      createLookup(reach)(hostname, { all }, (error, address) => resolve({ error, address })),
    );

  test.each([true, false])('refuses a name that leads to loopback only (all: %s)', async (all) => {
    expect((await look('localhost', 'public', all)).error).toBeInstanceOf(PrivateAddress);
  });

  test('gives the addresses within reach in the form that was asked for', async () => {
    const { address } = await look('localhost', 'not-link-local', false);
    expect(['127.0.0.1', '::1']).toContain(address);
    const { address: all } = await look('localhost', 'any', true);
    expect(all).toContainEqual({ address: '127.0.0.1', family: 4 });
  });

  test('passes on that a name does not exist', async () => {
    const { error } = await look('does-not-exist.invalid', 'public', true);
    expect(error).toMatchObject({ syscall: 'getaddrinfo' });
    expect(error).not.toBeInstanceOf(PrivateAddress);
  });
});
