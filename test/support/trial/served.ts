import { appendFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { startOrigin, type Origin } from '../servers/origin.ts';

/** Items that a page of the API has. */
const pageSize = 50;
/** Pages that show an item before it falls off the end. */
const pages = 12;

/** What a trial's sources have served completely: all of it must be stored, and nothing else. */
export interface Handed {
  readonly valid: Set<string>;
  /** Texts of records that no source can store. */
  readonly invalid: Set<string>;
}

/**
 * The sources of a trial: an API that shows its newest items first and grows with each poll, and a file that grows. Both
 * have invalid records among the valid ones.
 */
export class Served {
  readonly api: Handed = { valid: new Set(), invalid: new Set() };
  readonly file: Handed = { valid: new Set(), invalid: new Set() };
  readonly #origin: Origin;
  readonly #path: string;
  readonly #items: object[] = [];
  #grows = true;
  #polls = 0;
  #lines = 0;
  /** Answers in place of the API, while a fault lasts. */
  #instead: ((response: ServerResponse) => void) | null = null;

  private constructor(origin: Origin, path: string) {
    this.#origin = origin;
    this.#path = path;
    // A fault may come before the first poll.
    this.#add();
    origin.answer((url, response) => this.#answer(Number(url.searchParams.get('page')), response));
  }

  /** @param path of the file */
  static async start(path: string): Promise<Served> {
    writeFileSync(path, '');
    return new Served(await startOrigin(), path);
  }

  get url(): string {
    return this.#origin.url;
  }

  /** Polls of the API that reached its last page. */
  get polls(): number {
    return this.#polls;
  }

  /** Changes the API's answers; null = back to normal. */
  instead(answer: ((response: ServerResponse) => void) | null): void {
    this.#instead = answer;
  }

  /** Appends lines to the file. */
  grow(lines: number): void {
    for (let n = 0; n < lines; n++) {
      const number = this.#lines++;
      const line = number % 25 === 24 ? `not json ${number}` : JSON.stringify(item(`line-${number}`));
      appendFileSync(this.#path, `${line}\n`);
      if (line.startsWith('{')) this.file.valid.add(`line-${number}`);
      else this.file.invalid.add(line);
    }
  }

  /** Nothing new comes any more. */
  freeze(): void {
    this.#grows = false;
  }

  thaw(): void {
    this.#grows = true;
  }

  close(): Promise<void> {
    return this.#origin.close();
  }

  #answer(page: number, response: ServerResponse): void {
    if (this.#instead) return this.#instead(response);
    if (page === 1 && this.#grows) this.#add();
    const newest = this.#items.toReversed();
    const shown = newest.slice(0, pages * pageSize).slice((page - 1) * pageSize, page * pageSize);
    response.end(JSON.stringify(shown), () => {
      for (const record of shown) {
        if ('id' in record) this.api.valid.add(String(record.id));
        else this.api.invalid.add(JSON.stringify(record));
      }
      if (shown.length < pageSize) this.#polls++;
    });
  }

  #add(): void {
    const number = this.#items.length;
    for (let n = 0; n < 9; n++) this.#items.push(item(`item-${number + n}`));
    this.#items.push({ at: new Date().toISOString(), title: `without an id ${number}` });
  }
}

function item(id: string): { id: string; at: string; title: string } {
  return { id, at: new Date().toISOString(), title: `the title of ${id}` };
}
