import type { Pool, PoolClient } from 'pg';

/** A query that a connection of the fake pool was asked. */
interface Asked {
  /** Number of the connection, from 1. */
  readonly connection: number;
  readonly kind: 'ensure' | 'insert' | 'recall';
  /** Of an insert: the ids it stores. */
  readonly ids: readonly string[];
  readonly values: readonly unknown[];
}

export interface FakePool {
  readonly pool: Pool;
  readonly asked: Asked[];
  /** Ids of all inserts so far, each joined. */
  inserts(): string[];
}

/** Answers a query with its rows; throws what PostgreSQL would. By default all that is sent is stored. */
export type Answer = (asked: Asked) => Record<string, unknown>[] | undefined;

/** A pool whose connections answer as a test says: for reactions to errors that a real server cannot be made to give. */
export function fakePool(answer: Answer): FakePool {
  const asked: Asked[] = [];
  const idle: PoolClient[] = [];
  let opened = 0;

  async function query(connection: number, config: unknown, values: readonly unknown[] = []): Promise<object> {
    const text = typeof config === 'string' ? config : (config as { text: string }).text;
    const parameters = typeof config === 'string' ? values : (config as { values: unknown[] }).values;
    if (text === 'select 1') return { rows: [{}] };
    // What earlier attempts stored: nothing.
    if (text.includes('token >=')) return { rows: [] };
    const kind = text.includes('ensure_partition') ? 'ensure' : text.startsWith('with') ? 'insert' : 'recall';
    const ids = kind === 'insert' ? idsIn(parameters[1] as string) : [];
    const question = { connection, kind, ids, values: parameters } as const;
    asked.push(question);
    return { rows: answer(question) ?? [{ written: ids.length, first: true }] };
  }

  function open(): PoolClient {
    const connection = ++opened;
    const client = {
      query: async (config: unknown, values?: readonly unknown[]) => query(connection, config, values),
      release: (broken?: boolean) => void (broken === true || idle.push(client)),
      on: () => client,
      off: () => client,
      once: () => client,
      removeListener: () => client,
    } as unknown as PoolClient;
    return client;
  }

  return {
    pool: { connect: async () => idle.pop() ?? open() } as unknown as Pool,
    asked,
    inserts: () => asked.filter(({ kind }) => kind === 'insert').map(({ ids }) => ids.join()),
  };
}

/** An error as `pg` throws it. */
export function postgresError(code: string | undefined, message = 'any', constraint?: string): Error {
  return Object.assign(new Error(message), { code, constraint });
}

/** The ids in an array's text: those of tests need no escape. */
function idsIn(text: string): string[] {
  return JSON.parse(`[${text.slice(1, -1)}]`) as string[];
}
