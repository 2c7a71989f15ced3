import type { ModuleContext, ModulePage } from 'daybook/module';

interface OrdersAnswer {
  readonly orders: readonly object[];
  readonly next: string | null;
}

/** Orders of the Acme shop: signs in, then follows the API's continuation tokens. */
export default async function* (context: ModuleContext): AsyncGenerator<ModulePage> {
  const { url, user, password } = context.options as Record<'url' | 'user' | 'password', string>;
  const signIn = await context.fetch(`${url}/session`, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user, password }),
  });
  const { session } = signIn.json() as { session: string };

  // A run calls the module repeatedly: each call continues after the last stored page.
  let after = context.cursor as string | null;
  do {
    const query = new URLSearchParams({
      ...(context.since === null ? {} : { since: context.since }),
      ...(after === null ? {} : { after }),
    });
    const response = await context.fetch(`${url}/orders?${query.toString()}`, { headers: { 'x-session': session } });
    const { orders, next } = response.json() as OrdersAnswer;
    yield { records: orders, cursor: next };
    after = next;
  } while (after !== null);
}
