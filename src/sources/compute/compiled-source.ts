import type { DaySet } from '../../domain/time/day-set.ts';
import { WrongShape, messageOf } from '../../domain/errors.ts';
import { compileFinder, type Expression } from '../../formats/jmespath/jmespath.ts';
import { compileSchema, type PayloadCheck } from '../../formats/json-schema.ts';
import { arithmeticWarnings } from '../../formats/jmespath/plan-paths.ts';
import type { HttpPlan, SourcePlan } from '../../domain/plan/source-plan.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { DocumentFormat } from '../extraction/document-format.ts';
import { createCursor, createCursorTime } from '../extraction/cursor-time.ts';
import { createExtractor, type Extractor } from '../extraction/extract-record.ts';
import { createPeek } from '../extraction/peek.ts';
import { createShaper } from '../extraction/shaping/shape-record.ts';
import type { ShapedChecks } from '../extraction/shaping/take-shaped.ts';
import type { Field } from '../html/field.ts';
import { jsonFormat } from '../http-json/json-source.ts';
import type { DefinedSource, SourceDefinition } from './source-definition.ts';
import type { Trace } from './trace.ts';

/** A source with what its jobs need, each made when it is first asked for. */
export class CompiledSource {
  readonly plan: SourcePlan;
  readonly #schema: string | null;
  readonly #trace: Trace;
  #check: PayloadCheck | null | undefined;
  #warnings: readonly Warning[] | undefined;
  #format: Promise<DocumentFormat> | undefined;
  #shaping: ShapedChecks | null | undefined;
  #detail: { readonly link: Expression; readonly fields: readonly Field[] } | undefined;

  constructor({ text }: SourceDefinition, trace: Trace) {
    const { plan, schema } = JSON.parse(text) as DefinedSource;
    this.plan = plan;
    this.#schema = schema;
    this.#trace = trace;
  }

  get name(): string {
    return this.plan.name;
  }

  /** The kind of document that it answers with. */
  get format(): Promise<DocumentFormat> {
    this.#format ??= openFormat(this.#http, this.#trace);
    return this.#format;
  }

  get httpPlan(): HttpPlan {
    return this.#http;
  }

  /** @throws WrongShape if the schema is none */
  get check(): PayloadCheck | null {
    if (this.#check === undefined) this.#check = this.#compileSchema();
    return this.#check;
  }

  /** Warnings about its configuration. */
  get warnings(): readonly Warning[] {
    this.#warnings ??= arithmeticWarnings(this.plan);
    return this.#warnings;
  }

  /** The warning if no record has a time at the incremental cursor; null = it has none. */
  get cursorWarning(): string | null {
    const incremental = this.plan.type === 'file' || this.plan.type === 'module' ? null : this.plan.incremental;
    if (!incremental) return null;
    const { cursor, format } = incremental;
    return `no record of the first page has a time at incremental.cursor "${cursor}" that incremental.format ${format} reads: every poll reads everything`;
  }

  /** How its records are shaped; null = they are stored as they arrive. */
  get shaping(): ShapedChecks | null {
    if (this.#shaping === undefined) {
      const shaper = createShaper(this.plan, this.#trace);
      this.#shaping = shaper && { shaper, peek: createPeek(this.plan), cursor: createCursor(this.plan, this.#trace) };
    }
    return this.#shaping;
  }

  extractor(days: DaySet): Extractor {
    return createExtractor(this.plan, days, this.check, this.#trace);
  }

  cursorTime(): ReturnType<typeof createCursorTime> {
    return createCursorTime(this.plan, this.#trace);
  }

  /** How the pages of its items are found and read. */
  async detail(): Promise<{ readonly link: Expression; readonly fields: readonly Field[] } | null> {
    if (this.plan.type !== 'html' || !this.plan.detail) return null;
    const { compileFields } = await import('../html/field.ts');
    this.#detail ??= { link: compileFinder(this.plan.detail.url), fields: compileFields(this.plan.detail.fields) };
    return this.#detail;
  }

  get #http(): HttpPlan {
    if (this.plan.type === 'file' || this.plan.type === 'module') {
      throw new TypeError(`source ${this.name} is of type ${this.plan.type}, which has no documents to read`);
    }
    return this.plan;
  }

  #compileSchema(): PayloadCheck | null {
    if (this.#schema === null) return null;
    this.#trace.step('schema');
    try {
      return compileSchema(JSON.parse(this.#schema));
    } catch (error) {
      const path = this.plan.schema?.path ?? '';
      throw new WrongShape(`schema: ${this.name}: ${path} is not a valid JSON Schema: ${messageOf(error)}`);
    }
  }
}

/** Readers of HTML take long to load, and most sources need none. */
async function openFormat(plan: HttpPlan, trace: Trace): Promise<DocumentFormat> {
  switch (plan.type) {
    case 'http_json':
      return jsonFormat(plan, trace);
    case 'http': {
      const { httpFormat } = await import('../bodies/http-format.ts');
      return httpFormat(plan, trace);
    }
    case 'rss': {
      const { feedFormat } = await import('../feeds/feed-source.ts');
      return feedFormat(plan, new AbortController().signal);
    }
    case 'html': {
      const { htmlFormat } = await import('../html/html-source.ts');
      return htmlFormat(plan, trace);
    }
  }
}
