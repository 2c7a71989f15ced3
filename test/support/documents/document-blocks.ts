/** A fenced block of a document. */
interface Fence {
  readonly kind: 'fence';
  readonly line: number;
  readonly language: string;
  /** The file that the reader is told to write. */
  readonly title: string | null;
  readonly text: string;
}

/** An HTML comment that stands alone on its line: an instruction for the test, invisible to readers. */
interface Remark {
  readonly kind: 'remark';
  readonly text: string;
}

/** The steps of a reader of a document, in order. */
export type Step =
  | { readonly does: 'write'; readonly line: number; readonly file: string; readonly text: string }
  | {
      readonly does: 'run';
      readonly line: number;
      readonly commands: string;
      readonly shown: string | null;
      readonly again: boolean;
    }
  /** Commands that stay until they are stopped; ready once their output holds a text. */
  | {
      readonly does: 'start';
      readonly line: number;
      readonly commands: string;
      readonly shown: string | null;
      readonly ready: string;
    }
  | { readonly does: 'stop'; readonly line: number; readonly commands: string }
  | { readonly does: 'pass over'; readonly line: number; readonly commands: string; readonly why: string };

/**
 * The steps of a Markdown document: `sh` blocks are commands, a `text` block right after one is what they show, a block with a
 * title is a file to write. Remarks before a block say what is special: `not run: why`, `stays, ready at: text`, `until it shows
 * this`; `stops: command` stops what stays.
 */
export function stepsOf(markdown: string): Step[] {
  const steps: Step[] = [];
  const parts = partsOf(markdown);
  let remark: string | null = null;
  for (const [n, part] of parts.entries()) {
    if (part.kind === 'remark') {
      const stopped = after('stops: ', part.text);
      if (stopped === null) remark = part.text;
      else steps.push({ does: 'stop', line: lineOf(parts, n), commands: stopped });
    } else {
      const next = parts[n + 1];
      const shown = next?.kind === 'fence' && next.language === 'text' ? next.text : null;
      const step = stepOf(part, shown, remark);
      if (step !== null) steps.push(step);
      remark = null;
    }
  }
  return steps;
}

function stepOf({ language, title, text, line }: Fence, shown: string | null, remark: string | null): Step | null {
  if (title !== null) return { does: 'write', line, file: title, text };
  if (language !== 'sh') return null;
  const commands = text.trimEnd();
  const why = after('not run: ', remark);
  if (why !== null) return { does: 'pass over', line, commands, why };
  const ready = after('stays, ready at: ', remark);
  if (ready !== null) return { does: 'start', line, commands, shown, ready };
  if (remark !== null && remark !== 'until it shows this') throw new Error(`line ${line}: unknown remark "${remark}"`);
  return { does: 'run', line, commands, shown, again: remark !== null };
}

function after(beginning: string, text: string | null): string | null {
  return text?.startsWith(beginning) ? text.slice(beginning.length) : null;
}

function partsOf(markdown: string): (Fence | Remark)[] {
  const found = markdown.matchAll(/^```(\w+)(?: title="([^"]+)")?\n([^]*?)^```$|^<!-- (.*?) -->$/gm);
  return [...found].map(({ 1: language, 2: title = null, 3: text = '', 4: remark, index }): Fence | Remark => {
    if (language === undefined) return { kind: 'remark', text: remark ?? '' };
    return { kind: 'fence', line: markdown.slice(0, index).split('\n').length, language, title, text };
  });
}

/** The line of the block before. */
function lineOf(parts: readonly (Fence | Remark)[], n: number): number {
  return parts.slice(0, n).findLast((part) => part.kind === 'fence')?.line ?? 0;
}
