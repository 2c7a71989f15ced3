import { nameOf } from '../source-name.ts';
import { isSecretText } from './secret-values.ts';

/** An address without its parameters, and without what may be secret in its path: for messages. */
export function openAddress(url: string): string {
  const [plain = ''] = url.split(/[?#]/);
  return plain
    .split('/')
    .map((segment) => (isSecretText(segment) ? '…' : segment))
    .join('/');
}

/** A name for the source of a request, without what may be secret in its address. */
export function nameOfRequest(url: string): string {
  const plain = url.replaceAll(/\$\{env:\w+\}/g, '').split(/[?#]/)[0] ?? '';
  if (!URL.canParse(plain)) return 'source';
  const { hostname, pathname } = new URL(plain);
  const open = pathname.split('/').filter((segment) => !isSecretText(segment));
  return nameOf({ hostname, pathname: open.join('/') });
}
