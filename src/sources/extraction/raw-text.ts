import { isTextDeeperThan, parseJson, type ParsedJson } from '../../formats/exact-json.ts';
import { maxDepth, type RawRecord } from './extract-record.ts';

/** A record as JSON text, as {@link jsonText} writes it; parsed once it is looked at. */
export class RawText implements RawRecord {
  readonly text: string;
  #parsed: ParsedJson | null = null;

  constructor(text: string) {
    this.text = text;
  }

  get value(): unknown {
    return this.#read().value;
  }

  get exact(): boolean {
    return this.#read().exact;
  }

  get mayBeDeep(): boolean {
    return isTextDeeperThan(this.text, maxDepth);
  }

  #read(): ParsedJson {
    this.#parsed ??= parseJson(this.text);
    return this.#parsed;
  }
}
