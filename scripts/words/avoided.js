// Words that this project avoids, and what it says instead: the glossary of CONTRIBUTING.md, as patterns. No spell checker: what is
// listed here was once in the code or the documents and had to be read twice.

/** In comments, texts, documents and test titles. @type {readonly [avoided: RegExp, use: string][]} */
export const phrases = [
  [/\b(?:go|goes|going|gone|went) on\b(?! (?:the|a|to)\b)/, 'continue, resume'],
  [/\bunder way\b/, 'running, active'],
  [/\bmend(?:s|ed|ing)?\b/, 'fix, repair'],
  [/\b(?:afresh|anew)\b/, 'from scratch, again'],
  [/\bbears?\b/, 'has'],
  [/\bst(?:ands?|ood)\b(?! (?:for|alone|still)\b)/, 'is'],
  [/\b(?:tells?|told) of\b/, 'report, show'],
  [/\b(?:come|comes|came) through\b/, 'pass, succeed'],
  [/\bputs? off\b/, 'postpone'],
  [/\b(?:hold|holds|held) up\b/, 'delay, block'],
  [/\b(?:take|takes|taken|took) up\b/, 'start'],
  [/\b(?:wakes?|woken)\b/, 'start'],
  [/\bknown already\b/, 'already stored'],
  [/\bto be had\b/, 'available'],
  [/\bby (?:itself|themselves)\b/, 'automatically, alone'],
  [/\b(?:whoever|whatever one|somebody|nobody)\b/, 'anyone, another client, no one'],
  [/\bof days that are\b/, 'for retired days'],
  [/\b(?:is|are) there (?:that|to)\b/, 'is available, exists'],
  [/\bjust now\b/, 'currently'],
];

/** In names of code, file names too, as lower-case words: `mayGoOn` is `may go on`. @type {readonly [avoided: RegExp, use: string][]} */
export const names = [
  [/\b(?:go|goes) on\b/, 'continues'],
  [/\b(?:bear|bears|bearing)\b/, 'has'],
  [/\bmend(?:s|ed)?\b/, 'fix'],
  [/\bafresh\b/, 'fromScratch'],
  [/\b(?:whoever|somebody|nobody)\b/, 'anyone, noOne'],
  [/\b(?:tells?|told)\b/, 'report, notify'],
  [/\bwakes?\b/, 'start'],
  [/\btake up\b/, 'resume'],
  [/\bpatien(?:ce|tly)\b/, 'timeout'],
  [/\btodo\b/, 'remedy'],
  [/\bcircles?\b/, 'cycle'],
  [/\bhopeless\b/, 'permanentFailures'],
  [/\bhalves\b/, 'parts'],
  [/\bsing\b/, 'run'],
  [/\brig\b/, 'testWorker'],
  [/\bworkplace\b/, 'sandbox'],
  [/\bnewcomer\b/, 'docRunner'],
  [/\bgate\b/, 'latch'],
  [/\bholds? up\b/, 'delays, blocks'],
  [/\bputs? off\b/, 'postpone'],
];

/**
 * Where an avoided word is right: the file, and the name or phrase as it is found, in lower case.
 * @type {readonly { file: RegExp, found: RegExp, reason: string }[]}
 */
export const exceptions = [
  { file: /^scripts\/words\//, found: /./, reason: 'the list and its examples' },
  { file: /^test\/unit\/scripts\/words\.test\.ts$/, found: /./, reason: 'examples of what is found' },
  { file: /^CONTRIBUTING\.md$/, found: /./, reason: 'the glossary names what to avoid' },
  {
    file: /^CHANGELOG\.md$/,
    found: /^(?:under way|came through|nobody|woken|wake)$/,
    reason: 'former texts in "Changed texts"',
  },
  { file: /init-samples\.ts$/, found: /^stand$/, reason: 'a word of a sample page' },
  { file: /^(?:src|test)\//, found: /^wakedeliverers$/, reason: 'activity in recorded histories' },
  { file: /^(?:src|test)\//, found: /^_?circle$/, reason: 'field of positions in recorded histories' },
  { file: /^(?:src|test)\//, found: /^#?goeson$/, reason: 'field of snapshots in recorded histories' },
];
