import type { NamedFormat } from '../../formats/http-format.ts';
import { chooseMember } from '../archive/choose-member.ts';
import { zipMembers, type ZipContent } from '../archive/zip-archive.ts';
import type { HttpResponse } from '../http/http-client.ts';
import { formatOfHead } from './body-format.ts';
import { bytesOf, gather, joined } from './body-bytes.ts';
import type { OpeningTools, PackedPlan } from './opening.ts';

interface OpenedArchive {
  readonly named: NamedFormat | null;
  readonly chunks: AsyncGenerator<Buffer>;
}

/**
 * The file of an archive that is read; a workbook is an archive itself, and is handed on as it is. The list of files is at an archive's
 * end, so that one that is too large to be held is copied first.
 */
export async function openArchive(
  plan: PackedPlan,
  response: HttpResponse,
  found: NamedFormat | null,
  { copies, onProgress }: OpeningTools,
): Promise<OpenedArchive> {
  const content = await contentOf(plan, response, copies, onProgress);
  const members = await zipMembers(plan.name, content);
  if (plan.format === null && plan.entry === null && members.some(({ name }) => name === 'xl/workbook.xml')) {
    return { named: { format: 'xlsx', tabs: false }, chunks: all(content) };
  }
  const format = plan.format ?? found?.format ?? null;
  const member = chooseMember(members, { subject: plan.name, entry: plan.entry, format });
  const named = formatOfHead(plan, response, member.name);
  const maxBytes = named?.format === 'csv' || named?.format === 'ndjson' ? plan.maxStreamBytes : plan.maxBodyBytes;
  return { named, chunks: joined(Buffer.alloc(0), member.read(maxBytes)) };
}

async function contentOf(
  plan: PackedPlan,
  response: HttpResponse,
  copies: OpeningTools['copies'],
  onProgress: OpeningTools['onProgress'],
): Promise<Buffer | ZipContent> {
  if (!response.rest) return response.body;
  if (copies === null) return gather(plan.name, bytesOf(response), plan.maxBodyBytes);
  const copy = await copies.write(bytesOf(response), (bytes) => onProgress({ bytes }));
  return { bytes: copy.bytes, stream: (start, end) => copies.stream(copy, start, end) };
}

function all(content: Buffer | ZipContent): AsyncGenerator<Buffer> {
  return Buffer.isBuffer(content) ? joined(content, null) : joined(Buffer.alloc(0), content.stream(0, content.bytes));
}
