let isDemo = false;

/** Whether the command that runs now was given `--demo`: so are the ones that it suggests. */
export function suggestForDemo(demo: boolean): void {
  isDemo = demo;
}

/** A text whose commands work as they are printed: after `--demo` they have it too. */
export function suggestion(text: string): string {
  return isDemo ? text.replaceAll(/\.\/daybook (?!--demo)(?=[a-z])/g, './daybook --demo ') : text;
}
