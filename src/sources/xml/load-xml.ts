import { load, type CheerioAPI } from 'cheerio';
import { DomHandler, Parser } from 'htmlparser2';
import type { HttpFormatPlan } from '../../domain/plan/source-plan.ts';
import { UnreadableBody, WrongShape } from '../../domain/errors.ts';
import { cleanXml } from '../feeds/clean-xml.ts';
import { shownStart } from '../extraction/shown-start.ts';

/** A million take 620 MB as HTML (measured in `loadPage`); those of XML are the same objects. */
const maxElements = 1_000_000;
/** Selectors walk up and down without recursion; the library that writes markup does not. */
const maxNesting = 1_000;
const maxAttributes = 1_000;

export interface LoadedXml {
  readonly $: CheerioAPI;
  /** Whether the document reached the end of its root element. */
  readonly complete: boolean;
}

/**
 * Parses XML. Document types are left out, and their entities are never expanded. Names have their prefix: `dc:date`.
 * @throws UnreadableBody if it is no XML, or a page of HTML; WrongShape if it is too large to be held
 */
export function loadXml(plan: HttpFormatPlan, text: string, contentType: string | undefined): LoadedXml {
  const handler = new DocumentHandler(plan.name);
  const parser = new Parser(handler, { xmlMode: true });
  parser.write(cleanXml(text));
  handler.ended = true;
  parser.end();
  if (handler.rootName === null || /^(?:html|head|body|script)$/i.test(handler.rootName)) {
    const found = handler.rootName === null ? '' : 'an HTML page, ';
    throw new UnreadableBody(
      `fetch: ${plan.name} answered with ${found}${contentType ?? 'no content type'}${shownStart(plan, text)}, expected XML`,
    );
  }
  return { $: load(handler.root, { xml: true }), complete: handler.complete };
}

class DocumentHandler extends DomHandler {
  /** The text is over: what is closed from here on never had an end tag. */
  ended = false;
  complete = false;
  rootName: string | null = null;
  readonly #subject: string;
  #nesting = 0;
  #elements = 0;
  #attributes = 0;

  constructor(subject: string) {
    super(undefined, { xmlMode: true });
    this.#subject = subject;
  }

  onattribute(): void {
    if (++this.#attributes > maxAttributes) throw this.#tooLarge(`an element with over ${maxAttributes} attributes`);
  }

  override onopentag(name: string, attributes: Record<string, string>): void {
    this.#attributes = 0;
    if (++this.#elements > maxElements) throw this.#tooLarge(`over ${maxElements} elements`);
    if (++this.#nesting > maxNesting) throw this.#tooLarge(`elements nested deeper than ${maxNesting}`);
    this.rootName ??= name;
    super.onopentag(name, attributes);
  }

  override onclosetag(): void {
    this.#nesting--;
    if (this.#nesting === 0 && !this.ended) this.complete = true;
    super.onclosetag();
  }

  #tooLarge(what: string): WrongShape {
    return new WrongShape(`fetch: ${this.#subject} sent XML with ${what}, expected smaller pages`);
  }
}
