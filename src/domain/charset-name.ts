import { TextDecoder } from 'node:util';
import { encodingExists } from 'iconv-lite';

/** Whether a name is that of a charset which can be read: by the Encoding Standard, or by the tables of iconv-lite. */
export function isCharset(label: string): boolean {
  return isStandardCharset(label) || encodingExists(label);
}

export function isStandardCharset(label: string): boolean {
  try {
    new TextDecoder(label);
    return true;
  } catch {
    return false;
  }
}
