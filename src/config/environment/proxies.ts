import type { ProxySettings } from '../../formats/proxy-route.ts';
import { InvalidEnvironment, type LookUp } from '../secrets/references.ts';

/** The proxies that the environment names. @throws InvalidEnvironment */
export function proxiesOf(lookUp: LookUp): ProxySettings {
  const either = (name: string) => lookUp(name.toLowerCase()) || lookUp(name);
  const [httpProxy, httpsProxy, noProxy] = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].map(either);
  for (const [name, url] of Object.entries({ HTTP_PROXY: httpProxy, HTTPS_PROXY: httpsProxy })) {
    if (url && !(URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))) {
      throw new InvalidEnvironment(`${name}: not an http or https URL, expected e.g. http://proxy:3128`);
    }
  }
  return {
    ...(httpProxy ? { httpProxy } : {}),
    ...(httpsProxy ? { httpsProxy } : {}),
    ...(noProxy ? { noProxy } : {}),
  };
}
