import { expect, test } from 'vitest';
import type { Alert } from '../../../src/domain/monitoring/alert.ts';
import { Instance } from '../../../src/domain/instance.ts';
import type { HttpClient } from '../../../src/sources/http/http-client.ts';
import { createAlertWebhook } from '../../../src/worker/alert-webhook.ts';

const alert: Alert = { name: 'empty', source: 'news', state: 'open', since: '2026-11-01T09:00:00Z', message: 'x' };

test.each([
  ['the default one', undefined, alert],
  ['one with a name', 'lab', { ...alert, instance: 'lab' }],
])('an alert of %s is posted as it is documented', async (_, name, expected) => {
  const bodies: unknown[] = [];
  const send = async ({ body }: { body: string }) => {
    bodies.push(JSON.parse(body));
    return { status: 204 };
  };
  const post = createAlertWebhook({ send } as unknown as HttpClient, 'https://example.com/hook', new Instance(name));
  await post(alert, new AbortController().signal);
  expect(bodies).toEqual([expected]);
});
