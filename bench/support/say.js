/** Progress and tables; stdout is for JSON. */
export function say(message) {
  process.stderr.write(`${message}\n`);
}
