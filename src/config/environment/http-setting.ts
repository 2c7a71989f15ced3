import { isIP } from 'node:net';
import { InvalidEnvironment } from '../secrets/references.ts';
import { port } from './port.ts';

/** Where the status page and the metrics are. */
export interface HttpSetting {
  readonly host: string;
  readonly port: number;
  /** It was not chosen by a user: if it is taken, the next free port will do. */
  readonly isDefault: boolean;
}

/** If nothing is set, the default address, or the next free one. */
export function httpSetting(given: string | undefined): HttpSetting | null {
  if (!given) return { host: '127.0.0.1', port: 9464, isDefault: true };
  if (given === 'off') return null;
  return { ...httpAddress('DAYBOOK_HTTP', given, ' or off'), isDefault: false };
}

/**
 * An address to listen on; without a host on loopback.
 * @param name of the setting
 * @param otherwise what else may be set
 */
export function httpAddress(name: string, text: string, otherwise = ''): Omit<HttpSetting, 'isDefault'> {
  const match = /^(?:([\w.-]*|\[[\da-fA-F:.]+\]):)?(\d+)$/.exec(text);
  if (!match) throw new InvalidEnvironment(`${name}: found "${text}", expected host:port${otherwise}`);
  const host = (match[1] || '127.0.0.1').replace(/^\[(.*)\]$/, '$1');
  // Only digits and dots, or in brackets: an IP address, which no name server could find either.
  if (/^[\d.]+$|:/.test(host) && isIP(host) === 0)
    throw new InvalidEnvironment(`${name}: found "${host}", expected an IP address or a host name`);
  return { host, port: port(name, match[2] ?? '') };
}

export function hostNames(name: string, text: string): readonly string[] {
  const names = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((part) => part !== '');
  const wrong = names.find((part) => !/^[a-z\d_]([a-z\d._-]*[a-z\d_])?$/.test(part));
  if (wrong === undefined) return names;
  throw new InvalidEnvironment(
    `${name}: found "${wrong}", expected host names without port, separated by commas, e.g. daybook.example.com,daybook`,
  );
}
