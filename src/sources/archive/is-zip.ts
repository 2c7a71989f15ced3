/** Whether a body is a ZIP archive, by its first bytes. */
export function isZip(head: Buffer): boolean {
  const mark = head.toString('latin1', 0, 4);
  return mark === 'PK\u0003\u0004' || mark === 'PK\u0005\u0006';
}
