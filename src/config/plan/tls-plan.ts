import type { TlsPlan } from '../../domain/plan/auth-plan.ts';
import { isPem } from '../../domain/text/pem.ts';
import type { maskSecret } from '../secrets/secrets.ts';
import type { HttpJsonConfig } from '../schema/source-schemas.ts';

/** @param mask turns a path and its value into the value of the plan; the path of a file stays as it is */
export function tlsPlan(tls: NonNullable<HttpJsonConfig['tls']>, mask: typeof maskSecret): TlsPlan {
  const entries = Object.entries(tls).flatMap(([name, text]) =>
    text === undefined ? [] : [[name, isPem(text) ? mask(`tls/${name}`, text) : text] as const],
  );
  return Object.fromEntries(entries);
}
