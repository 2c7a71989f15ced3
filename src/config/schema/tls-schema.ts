import * as z from 'zod';

const pem = z.string().min(1).meta({ title: 'path or PEM text' });

/** How a source's servers are trusted, and what they trust. */
export const tls = z
  .strictObject({
    cert: pem.optional().describe('Client certificate, with the certificates of its issuers if need be.'),
    key: pem.optional().describe('Its private key, unencrypted.'),
    ca: pem.optional().describe('Authorities that are trusted instead of the well-known ones.'),
  })
  .check((context) => {
    const { cert, key, ca } = context.value;
    const add = (path: string[], message: string) =>
      void context.issues.push({ code: 'custom', input: context.value, path, message });
    if (cert !== undefined && key === undefined) add(['cert'], 'found cert without key, expected both');
    if (key !== undefined && cert === undefined) add(['key'], 'found key without cert, expected both');
    if (cert === undefined && key === undefined && ca === undefined)
      add([], 'found nothing, expected cert and key, or ca');
  });
