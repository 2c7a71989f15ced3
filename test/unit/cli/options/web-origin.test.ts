import { expect, test } from 'vitest';
import { webOrigins } from '../../../../src/cli/options/web-origin.ts';

test.each([
  ['https://cloud.temporal.io/namespaces', ['https://cloud.temporal.io']],
  ['http://127.0.0.1:8233', ['http://127.0.0.1:8233', 'http://localhost:8233']],
  ['http://127.0.0.1.example.com', ['http://127.0.0.1.example.com']],
  ['http://127.0.0.10:8233', ['http://127.0.0.10:8233']],
])('the Web UI at %s has the origins %j', (address, expected) => {
  expect(webOrigins(address)).toEqual(expected);
});
