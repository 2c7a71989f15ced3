/** A secret of a request, and the variable of the environment that has it from now on. */
export interface SecretVariable {
  readonly name: string;
  /** Null = only the user knows it. */
  readonly value: string | null;
  /** What it is, such as `header X-Api-Key`. */
  readonly where: string;
}

/** Prefixes of variables that mean something else. */
const taken = /^(?:AWS|DAYBOOK|GOOGLE|HTTPS?|LC|LD|LOG|NODE|NO|NPM|OTEL|PG|S3|SSL|TEMPORAL|XDG)_/;
const reference = /\$\{env:[A-Za-z_]\w*\}/;
/** A shorter one may be part of an ordinary word. */
const minLengthElsewhere = 8;

/** Moves secrets out of a configuration, each to a variable of the environment. */
export class SecretVariables {
  readonly #prefix: string;
  readonly #variables: SecretVariable[] = [];

  /** @param source name of the source, which names of its variables begin with */
  constructor(source: string) {
    const name = source.toUpperCase().replaceAll(/[^A-Z\d]+/g, '_');
    this.#prefix = /^\d/.test(name) || taken.test(`${name}_`) ? `SOURCE_${name}` : name;
  }

  get all(): readonly SecretVariable[] {
    return this.#variables;
  }

  /**
   * The reference that is written instead of a secret; the same for the same one. One that is a reference already stays.
   * @param what ends its name: `X-Api-Key` becomes `API_KEY`
   */
  replace(value: string, what: string, where: string): string {
    if (value === '' || reference.test(value)) return value;
    const known = this.#variables.find((variable) => variable.value === value);
    if (known) return `\${env:${known.name}}`;
    const name = this.#freeName(what);
    this.#variables.push({ name, value, where });
    return `\${env:${name}}`;
  }

  /** The reference to a secret that nothing says. */
  reserve(what: string, where: string): string {
    const name = this.#freeName(what);
    this.#variables.push({ name, value: null, where });
    return `\${env:${name}}`;
  }

  /** A text in which a secret occurs again, without it. */
  replaceWithin(text: string): string {
    return this.#variables
      .flatMap(({ name, value }) => (value !== null && value.length >= minLengthElsewhere ? [{ name, value }] : []))
      .toSorted((a, b) => b.value.length - a.value.length)
      .reduce((open, { name, value }) => open.replaceAll(value, () => `\${env:${name}}`), text);
  }

  #freeName(what: string): string {
    const suffix = what
      .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
      .toUpperCase()
      .replaceAll(/[^A-Z\d]+/g, '_')
      .replaceAll(/^(?:X_)?_*|_+$/g, '')
      .slice(0, 40);
    const plain = `${this.#prefix}_${suffix === '' ? 'SECRET' : suffix}`;
    const isTaken = (name: string) => this.#variables.some((variable) => variable.name === name);
    let name = plain;
    for (let number = 2; isTaken(name); number++) name = `${plain}_${number}`;
    return name;
  }
}

/** A text of a request as the configuration writes it: only what is a reference looks like one. */
export function literal(text: string): string {
  return text.replaceAll(/\$\{(?!env:[A-Za-z_]\w*\})/g, () => '$${');
}
