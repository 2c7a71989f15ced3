import { isJsonObject } from '../../formats/exact-json.ts';
import type { FieldTally } from '../../domain/run/field-tally.ts';
import type { Field } from './field.ts';

/** Notes which fields the records of a page have, to find those that none of them has. */
export class FieldsFound {
  readonly #found = new Set<number>();
  #records = 0;

  add(fields: readonly Field[], record: Readonly<Record<string, unknown>>): void {
    this.#records++;
    this.#note(fields, record);
  }

  /** @param within prefix of the fields' names */
  tally(fields: readonly Field[], within = ''): FieldTally {
    return this.#records === 0 ? {} : Object.fromEntries(this.#count(fields, within));
  }

  #note(fields: readonly Field[], record: Readonly<Record<string, unknown>>): void {
    for (const { name, number, fields: inner } of fields) {
      const value = Object.hasOwn(record, name) ? record[name] : null;
      const values: readonly unknown[] = Array.isArray(value) ? value : [value];
      const some = values.filter((each) => each !== null && each !== undefined);
      if (some.length > 0) this.#found.add(number);
      if (inner) for (const each of some) if (isJsonObject(each)) this.#note(inner, each);
    }
  }

  /** Where a field has others within, and is not there itself, it alone. */
  #count(fields: readonly Field[], within: string): [label: string, empty: number][] {
    return fields.flatMap(({ number, label, fields: inner }) => {
      const isFound = this.#found.has(number);
      const own: [string, number] = [within + label, isFound ? 0 : this.#records];
      return isFound && inner ? [own, ...this.#count(inner, within)] : [own];
    });
  }
}
