import { fillReferences, type LookUp } from '../../config/secrets/references.ts';
import { secretName } from '../../domain/secrets/url-secrets.ts';
import { UsageError } from '../../domain/errors.ts';

/** What `init` asks an address with. */
export interface InitRequest {
  /** With secrets filled in. */
  readonly headers: Readonly<Record<string, string>>;
  /** The same as keys of the configuration: references stay what they are. */
  readonly source: Readonly<Record<string, unknown>>;
}

export interface RequestOptions {
  readonly header?: readonly string[];
  readonly auth?: string;
}

const reference = /^\$\{env:[A-Za-z_]\w*\}$/;
const authForms = 'bearer:${env:NAME}, basic:USER:${env:NAME} or api_key:HEADER:${env:NAME}';

/** @throws UsageError if an option cannot be read, or holds a secret itself */
export function initRequest({ header = [], auth }: RequestOptions, lookUp: LookUp): InitRequest {
  const written = Object.fromEntries(header.map(readHeader));
  const credentials = auth === undefined ? null : readAuth(auth);
  const fill = (text: string) => fillReferences(text, lookUp);
  const headers = Object.fromEntries(Object.entries(written).map(([name, value]) => [name, fill(value)]));
  return {
    headers: { ...headers, ...(credentials === null ? {} : credentials.headers(fill)) },
    source: {
      ...(header.length > 0 ? { headers: written } : {}),
      ...(credentials === null ? {} : { auth: credentials.auth }),
    },
  };
}

function readHeader(text: string): [string, string] {
  const [isHeader, name = '', value = ''] = /^([\w-]+):\s*(.*)$/.exec(text) ?? [];
  if (isHeader === undefined)
    throw new UsageError("--header: expected a name, a colon and a value, such as 'Accept: text/csv'");
  if (secretName.test(name) && !value.includes('${env:')) {
    throw new UsageError(`--header ${name}: found a secret itself, expected '${name}: \${env:NAME}' in single quotes`);
  }
  return [name, value];
}

interface Credentials {
  readonly auth: Readonly<Record<string, string>>;
  headers(fill: (text: string) => string): Readonly<Record<string, string>>;
}

function readAuth(text: string): Credentials {
  const [type = '', first = '', ...more] = text.split(/:(?!\w+\})/);
  const second = more.join(':');
  if (!reference.test(more.length === 0 ? first : second)) {
    throw new UsageError(
      `--auth: expected ${authForms}, in single quotes; put the secret itself in the environment or in .env`,
    );
  }
  if (/^bearer$/i.test(type) && more.length === 0) {
    return { auth: { type: 'bearer', token: first }, headers: (fill) => ({ authorization: `Bearer ${fill(first)}` }) };
  }
  if (/^(?:http_)?basic$/i.test(type) && more.length > 0) {
    return {
      auth: { type: 'http_basic', username: first, password: second },
      headers: (fill) => ({ authorization: `Basic ${Buffer.from(`${first}:${fill(second)}`).toString('base64')}` }),
    };
  }
  if (/^api_?key$/i.test(type) && more.length > 0) {
    return { auth: { type: 'api_key', name: first, api_key: second }, headers: (fill) => ({ [first]: fill(second) }) };
  }
  throw new UsageError(`--auth: unknown form, expected ${authForms}`);
}
