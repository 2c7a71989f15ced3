import type { CheerioAPI } from 'cheerio';
import { adapter } from 'parse5-htmlparser2-tree-adapter';
import type { ParsedJson } from '../../domain/json.ts';
import { rawText, type PageElement } from './element-text.ts';
import { jsonInText } from './json-in-text.ts';

/** A page that fields are read from. */
export class HtmlPage {
  readonly $: CheerioAPI;
  /** Where relative links start: `<base href>`, else the page's own address. */
  readonly base: string;
  readonly #json = new Map<PageElement, readonly ParsedJson[]>();

  constructor($: CheerioAPI, url: string) {
    this.$ = $;
    const href = $('base[href]').first().attr('href');
    this.base = href !== undefined && URL.canParse(href, url) ? new URL(href, url).href : url;
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
  jsonOf(element: PageElement): readonly ParsedJson[] {
    const known = this.#json.get(element) ?? jsonInText(rawText(element));
    this.#json.set(element, known);
    return known;
  }

  /** A link made absolute; null where it is no address. */
  absolute(link: string): string | null {
    const trimmed = link.trim();
    return trimmed !== '' && URL.canParse(trimmed, this.base) ? new URL(trimmed, this.base).href : null;
  }
}
