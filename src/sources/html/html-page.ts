import type { CheerioAPI } from 'cheerio';
import { adapter } from 'parse5-htmlparser2-tree-adapter';
import { countBadBytes } from '../../domain/text/bad-bytes.ts';
import type { DateOrder } from '../../domain/plan/plan-parts.ts';
import { baseAddress } from './base-address.ts';
import { elementText, rawText, type PageElement } from './element-text.ts';
import { jsonInText, type JsonInText } from './json-in-text.ts';

/** How a document is read that is no web page. */
export interface PageReading {
  readonly base: string;
  readonly textOf: (element: PageElement) => string;
}

/** A page that fields are read from. */
export class HtmlPage {
  readonly $: CheerioAPI;
  /** The words of an element. */
  readonly textOf: (element: PageElement) => string;
  /** Where relative links start. */
  readonly base: string;
  /** How its fields read dates of numbers; null = unknown. */
  dateOrder: DateOrder | null = null;
  /** Receives the dates that fields read. */
  onDate: (text: string) => void = () => {};
  readonly #json = new Map<PageElement, JsonInText>();

  constructor($: CheerioAPI, url: string, reading: PageReading | null = null) {
    this.$ = $;
    this.base = reading?.base ?? baseAddress($, url);
    this.textOf = reading?.textOf ?? elementText;
  }

  get document(): PageElement {
    return this.$.root()[0] as PageElement;
  }

  find(selector: string, within: PageElement): PageElement[] {
    return this.$(within)
      .find(selector)
      .toArray()
      .filter((node) => adapter.isElementNode(node));
  }

  /** The JSON in the text of an element, parsed once. */
  jsonOf(element: PageElement): JsonInText {
    const known = this.#json.get(element) ?? jsonInText(rawText(element));
    this.#json.set(element, known);
    return known;
  }

  /** A link made absolute; null if it is not an address. As it is where bytes of it could not be decoded: a URL would hide that. */
  absolute(link: string): string | null {
    const trimmed = link.trim();
    if (countBadBytes(trimmed) > 0) return trimmed;
    return trimmed !== '' && URL.canParse(trimmed, this.base) ? new URL(trimmed, this.base).href : null;
  }
}
