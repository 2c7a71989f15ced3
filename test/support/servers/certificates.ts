import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of a certificate and its key, PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority for a test. */
export interface Authority extends Certificate {
  /**
   * @param names as `DNS:db.test` or `IP:127.0.0.1`
   * @param days how long it is valid; 0 = it has expired
   */
  issue(name: string, names: readonly string[], days?: number): Certificate;
}

const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Creates an authority and the certificates it issues, as files in a folder. */
export function makeAuthority(folder: string, name: string): Authority {
  const file = (...parts: string[]) => join(folder, parts.join('.'));
  const own = { cert: file(name, 'crt'), key: file(name, 'key') };
  openssl('req', '-x509', ...newKey, '-subj', `/CN=${name}`, '-days', '30', '-keyout', own.key, '-out', own.cert);
  return {
    ...own,
    issue(subject, names, days = 30) {
      const issued = { cert: file(name, subject, 'crt'), key: file(name, subject, 'key') };
      const [request, extensions] = [file(subject, 'csr'), file(subject, 'ext')];
      writeFileSync(
        extensions,
        `basicConstraints=CA:FALSE\n${names.length ? `subjectAltName=${names.join(',')}\n` : ''}`,
      );
      openssl('req', '-new', ...newKey, '-subj', `/CN=${subject}`, '-keyout', issued.key, '-out', request);
      openssl(
        'x509',
        '-req',
        '-in',
        request,
        '-CA',
        own.cert,
        '-CAkey',
        own.key,
        '-CAcreateserial',
        '-days',
        String(days),
        '-extfile',
        extensions,
        '-out',
        issued.cert,
      );
      return issued;
    },
  };
}
