import { sha256 } from '../../../formats/sha256.ts';
import { RekeyUnfinished } from '../../../domain/errors.ts';
import type { OwnerSession } from '../days/maintenance-session.ts';

/**
 * The change of a source's ids in the ledger is noted in the same transaction, beside the tokens of chunks, under one that no chunk
 * has. An attempt that finds the note leaves the ledger as it is: a key without a row does not show whether its id is a former one,
 * or the new one of another record.
 */
export class MovedLedger {
  readonly #session: OwnerSession;
  readonly #source: string;
  readonly #prefix: string;
  readonly #token: string;

  constructor(session: OwnerSession, source: string, id: readonly string[]) {
    this.#session = session;
    this.#source = source;
    this.#prefix = `rekeyed/${source}/`;
    // An `id` may be longer than an index takes.
    this.#token = this.#prefix + sha256(JSON.stringify(id)).slice(0, 32);
  }

  /** @throws RekeyUnfinished if it has the ids of another `id` */
  async isNoted(): Promise<boolean> {
    const { rows } = await this.#session.client.query<{ token: string }>(
      `select token from ${this.#table()} where left(token, $2::int) = $1::text`,
      [this.#prefix, this.#prefix.length],
    );
    if (rows.some(({ token }) => token !== this.#token)) {
      throw new RekeyUnfinished(
        `rekey: an interrupted rekey of ${this.#source} has already given some keys the ids of another \`id\`: set that id again, run this command again, then change it`,
      );
    }
    return rows.length > 0;
  }

  /** Within the transaction that moves the ledger. */
  async note(): Promise<void> {
    await this.#session.client.query(
      `insert into ${this.#table()} (token, written, duplicate) values ($1::text, 0, 0) on conflict do nothing`,
      [this.#token],
    );
  }

  /** Once rows and journal are moved, too: from here on an attempt has nothing to move. */
  async clear(): Promise<void> {
    await this.#session.client.query(`delete from ${this.#table()} where token = $1::text`, [this.#token]);
  }

  #table(): string {
    return this.#session.table('raw_event_batches');
  }
}
