import { Parser } from 'htmlparser2';
import { UnreadableBody, WrongShape } from '../../domain/errors.ts';
import type { ZipMember } from '../archive/zip-archive.ts';

/** What a sheet needs of its workbook. */
export interface Workbook {
  readonly sheetName: string;
  readonly sheet: ZipMember;
  /** Texts that cells refer to by number. */
  readonly texts: readonly string[];
  /** What each style makes of a number. */
  readonly styles: readonly NumberStyle[];
  /** Days are counted from 1904, not 1900. */
  readonly from1904: boolean;
}

export type NumberStyle = 'number' | 'date' | 'time' | 'datetime';

/** Called with each element of a document; names have no prefix. */
export interface XmlEvents {
  readonly onOpen?: (name: string, attributes: Readonly<Record<string, string>>) => void;
  readonly onText?: (text: string) => void;
  readonly onClose?: (name: string) => void;
}

const maxNesting = 200;

/** Reads a part of a workbook as its elements come. */
export async function readXml(
  subject: string,
  chunks: AsyncIterable<Buffer>,
  { onOpen, onText, onClose }: XmlEvents,
): Promise<void> {
  let nesting = 0;
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (++nesting > maxNesting) throw new WrongShape(`fetch: ${subject} sent a workbook with too deep XML`);
        onOpen?.(local(name), attributes);
      },
      ...(onText ? { ontext: onText } : {}),
      onclosetag(name) {
        nesting--;
        onClose?.(local(name));
      },
    },
    { xmlMode: true },
  );
  const decoder = new TextDecoder();
  for await (const chunk of chunks) parser.write(decoder.decode(chunk, { stream: true }));
  parser.end(decoder.decode());
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** A sheet as the workbook lists it. */
interface SheetEntry {
  readonly name: string;
  readonly relation: string;
  readonly isHidden: boolean;
}

/**
 * Opens a workbook at a sheet.
 * @param wanted its name; null = the first that is shown
 * @param maxBytes of all that is unpacked for it, but the sheet itself
 * @throws UnreadableBody if it is no workbook; WrongShape if it has no such sheet
 */
export async function openWorkbook(
  subject: string,
  members: readonly ZipMember[],
  wanted: string | null,
  maxBytes: number,
): Promise<Workbook> {
  const find = (path: string) => members.find(({ name }) => name.toLowerCase() === path.toLowerCase());
  const read = async (path: string, events: XmlEvents) => {
    const member = find(path);
    if (member) await readXml(subject, member.read(maxBytes), events);
    return member !== undefined;
  };
  const sheets: SheetEntry[] = [];
  let from1904 = false;
  const isWorkbook = await read('xl/workbook.xml', {
    onOpen(name, attributes) {
      if (name === 'workbookPr') from1904 = isTrue(attributes['date1904']);
      if (name !== 'sheet') return;
      const relation = Object.entries(attributes).find(([key]) => key.endsWith(':id'))?.[1] ?? '';
      const isHidden = attributes['state'] !== undefined && attributes['state'] !== 'visible';
      sheets.push({ name: attributes['name'] ?? '', relation, isHidden });
    },
  });
  if (!isWorkbook) {
    throw new UnreadableBody(`fetch: ${subject} sent a ZIP archive that is no workbook of Excel, expected XLSX`);
  }
  const targets = new Map<string, string>();
  await read('xl/_rels/workbook.xml.rels', {
    onOpen(name, { Id: id, Target: target, Type: type = '' }) {
      if (name === 'Relationship' && id !== undefined && target !== undefined && type.endsWith('/worksheet')) {
        targets.set(id, pathOf(target));
      }
    },
  });
  const tables = sheets.flatMap((entry) => {
    const path = targets.get(entry.relation);
    const sheet = path === undefined ? undefined : find(path);
    return sheet ? [{ ...entry, sheet }] : [];
  });
  const chosen =
    wanted === null
      ? (tables.find(({ isHidden }) => !isHidden) ?? tables[0])
      : (tables.find(({ name }) => name === wanted) ??
        tables.find(({ name }) => name.trim().toLowerCase() === wanted.trim().toLowerCase()));
  if (!chosen) {
    const names = tables.map(({ name }) => name).join(', ');
    const found = tables.length === 0 ? 'has no sheets' : `has the sheets ${names}`;
    throw new WrongShape(
      `fetch: ${subject}: the workbook ${found}, expected ${wanted === null ? 'one' : `sheet "${wanted}"`}`,
    );
  }
  const texts = await sharedTexts(read);
  const styles = await numberStyles(read);
  return { sheetName: chosen.name, sheet: chosen.sheet, texts, styles, from1904 };
}

type ReadPart = (path: string, events: XmlEvents) => Promise<boolean>;

/** Texts of runs are put together; readings of Japanese words (`rPh`) are left out. */
async function sharedTexts(read: ReadPart): Promise<string[]> {
  const texts: string[] = [];
  let parts: string[] = [];
  let isText = false;
  let phonetic = 0;
  await read('xl/sharedStrings.xml', {
    onOpen(name) {
      if (name === 'si') parts = [];
      if (name === 'rPh') phonetic++;
      isText = name === 't' && phonetic === 0;
    },
    onText(text) {
      if (isText) parts.push(text);
    },
    onClose(name) {
      if (name === 't') isText = false;
      if (name === 'rPh') phonetic--;
      if (name === 'si') texts.push(unescaped(parts.join('')));
    },
  });
  return texts;
}

/** Characters that XML cannot hold are written as `_x000D_`. */
export function unescaped(text: string): string {
  return text.includes('_x')
    ? text.replaceAll(/_x([\dA-F]{4})_/gi, (_, hex: string) => String.fromCharCode(Number(`0x${hex}`)))
    : text;
}

async function numberStyles(read: ReadPart): Promise<NumberStyle[]> {
  const formats = new Map<number, NumberStyle>();
  const styles: NumberStyle[] = [];
  let isCell = false;
  await read('xl/styles.xml', {
    onOpen(name, attributes) {
      if (name === 'numFmt') formats.set(Number(attributes['numFmtId']), styleOfCode(attributes['formatCode'] ?? ''));
      if (name === 'cellXfs') isCell = true;
      if (name !== 'xf' || !isCell) return;
      const id = Number(attributes['numFmtId'] ?? 0);
      styles.push(formats.get(id) ?? styleOfId(id));
    },
    onClose(name) {
      if (name === 'cellXfs') isCell = false;
    },
  });
  return styles;
}

/** The formats that every workbook has. Those of 45 to 47 are of minutes; `[h]` is a duration, a number. */
function styleOfId(id: number): NumberStyle {
  if ((id >= 18 && id <= 21) || id === 45 || id === 47) return 'time';
  if (id === 22) return 'datetime';
  return (id >= 14 && id <= 17) || (id >= 27 && id <= 36) || (id >= 50 && id <= 58) ? 'date' : 'number';
}

/** What a format of its own makes of a number: by its letters, those in quotes and brackets aside. */
export function styleOfCode(code: string): NumberStyle {
  if (/\[(?:h+|m+|s+)\]/i.test(code)) return 'number';
  const [first = ''] = code.replaceAll(/"[^"]*"|\\.|_.|\*.|\[[^\]]*\]/gs, '').split(';');
  const hasClock = /[hs]/i.test(first);
  if (/[yd]/i.test(first)) return hasClock ? 'datetime' : 'date';
  if (hasClock) return 'time';
  return /m/i.test(first) ? 'date' : 'number';
}

function pathOf(target: string): string {
  return target.startsWith('/') ? target.slice(1) : `xl/${target.replace(/^\.\//, '')}`;
}

function isTrue(value: string | undefined): boolean {
  return value === '1' || value === 'true';
}
