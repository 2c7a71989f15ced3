import { WrongShape } from '../../domain/errors.ts';
import type { HttpFormat } from '../../domain/plan/source-plan.ts';
import { formatOfName } from '../../formats/http-format.ts';
import { namePattern } from '../../formats/name-pattern.ts';
import type { ZipMember } from './zip-archive.ts';

/** Names that an error lists. */
const maxNamed = 10;

/** What decides which file of an archive is read. */
export interface MemberChoice {
  readonly subject: string;
  /** A pattern of the configuration; null = none. */
  readonly entry: string | null;
  /** The format that is expected; null = any. */
  readonly format: HttpFormat | null;
}

/**
 * The file of an archive that is read: the one that the pattern matches, else the only one, else the only one whose name says the
 * format.
 * @throws WrongShape with the names if there is none, or several
 */
export function chooseMember(members: readonly ZipMember[], { subject, entry, format }: MemberChoice): ZipMember {
  const files = members.filter(({ name }) => !isOfSystem(name));
  const matching = entry === null ? fitting(files, format) : files.filter(({ name }) => matches(entry, name));
  const [first] = matching;
  if (first && matching.length === 1) return first;
  const names = files.slice(0, maxNamed).map(({ name }) => name);
  const more = files.length > maxNamed ? ` and ${files.length - maxNamed} more` : '';
  const found = files.length === 0 ? 'without files' : `with ${files.length} files: ${names.join(', ')}${more}`;
  const expected =
    entry === null
      ? `one${format === null ? '' : ` of format ${format}`}; set entry to the name or pattern of one of them`
      : `one that matches entry "${entry}", and ${matching.length === 0 ? 'none does' : `${matching.length} do`}`;
  throw new WrongShape(`fetch: ${subject} sent a ZIP archive ${found}; expected ${expected}`);
}

function matches(pattern: string, name: string): boolean {
  return namePattern(pattern)(name);
}

function fitting(files: readonly ZipMember[], format: HttpFormat | null): readonly ZipMember[] {
  if (files.length === 1) return files;
  return files.filter(({ name }) => {
    const found = formatOfName(name);
    return found !== null && (format === null || found.format === format);
  });
}

/** What macOS and others add to archives. */
function isOfSystem(name: string): boolean {
  return /(?:^|\/)(?:__MACOSX\/|\.[^/]*$|Thumbs\.db$)/i.test(name);
}
