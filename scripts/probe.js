// For containers, which have no curl: node scripts/probe.js /readyz ends with 0 where the worker here answers 200.
const [path = '/healthz'] = process.argv.slice(2);
const port = /(\d+)$/.exec(process.env.DAYBOOK_HTTP ?? '')?.[1] ?? '9464';
try {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(4_000) });
  process.stdout.write(await response.text());
  process.exit(response.ok ? 0 : 1);
} catch (error) {
  process.stdout.write(`127.0.0.1:${port}: ${error.cause?.message ?? error.message}\n`);
  process.exit(1);
}
