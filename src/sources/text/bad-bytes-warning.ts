import type { Warning } from '../../domain/run/warning.ts';

/**
 * @param charset what was read as; null = that of a file, whatever it is
 * @param likely the charset that is likely meant, where most of what is not ASCII is broken; null = only some of it is
 */
export function badBytesWarning(count: number, charset: string | null, likely: string | null): Warning {
  const found = `found bytes that are invalid in ${charset ?? 'the charset of the file'}, each stored as U+FFFD`;
  return { code: 'bad_bytes', message: likely === null ? found : `${found}; ${advice(likely)}`, count };
}

function advice(likely: string): string {
  if (likely === 'unknown') return 'set encoding to the charset of the text';
  return `if the text is ${likely}, set encoding: ${likely}`;
}
