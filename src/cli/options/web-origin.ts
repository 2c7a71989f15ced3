import { UsageError } from '../../domain/errors.ts';

/** The origins of an address of a Web UI. One of this machine has two names. @throws UsageError */
export function webOrigins(address: string): readonly string[] {
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw new UsageError(`--origin: found "${address}", expected an http or https URL, e.g. https://cloud.temporal.io`);
  }
  const url = new URL(address);
  const { origin } = url;
  if (url.hostname !== '127.0.0.1') return [origin];
  url.hostname = 'localhost';
  return [origin, url.origin];
}
