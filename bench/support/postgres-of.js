// The embedded PostgreSQL of a running product, as its own command says that it is reached.
import { Client } from 'pg';

export async function connectPostgres(product) {
  const { stdout } = await product.command(['env']);
  const value = (name) => new RegExp(`^export ${name}='?([^'\n]*)'?$`, 'm').exec(stdout)?.[1];
  const client = new Client({
    host: value('PGHOST'),
    port: Number(value('PGPORT')),
    database: value('PGDATABASE'),
    user: value('PGUSER'),
    password: value('PGPASSWORD'),
  });
  await client.connect();
  return client;
}
