// Options of the command line.

/** Whether a flag is there. */
export function has(args, name) {
  return args.includes(name);
}

export function textOf(args, name) {
  const index = args.indexOf(name);
  if (index === -1) return null;
  const value = args[index + 1];
  if (value === undefined || value.startsWith('--')) throw new Error(`bench: ${name} has no value`);
  return value;
}

/** @returns the number behind a name, or what applies without it */
export function numberOf(args, name, fallback) {
  const text = textOf(args, name);
  if (text === null) return fallback;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`bench: found ${name} ${text}, expected a number above 0`);
  return value;
}

/** The first that is neither a name nor the value of one; null without. */
export function positional(args, flags) {
  const found = args.find((arg, n) => {
    const before = args[n - 1];
    const isValue = before !== undefined && before.startsWith('--') && !flags.includes(before);
    return !arg.startsWith('--') && !isValue;
  });
  return found ?? null;
}

/** Refuses what is not one of the names: a name that is misspelt would measure something else. */
export function assertKnown(args, names) {
  const unknown = args.find((arg) => arg.startsWith('--') && !names.includes(arg));
  if (unknown !== undefined) throw new Error(`bench: found ${unknown}, expected ${names.join(', ')}`);
}
