// For containers, which have no curl: node scripts/probe.js /readyz ends with 0 where the worker here answers 200.
const [path = '/healthz'] = process.argv.slice(2);
const [, named = '', port = '9464'] = /^(?:(.*):)?(\d+)$/.exec(process.env.DAYBOOK_HTTP ?? '') ?? [];
// An endpoint on all addresses is on loopback too.
const host = ['', '0.0.0.0', '[::]'].includes(named) ? '127.0.0.1' : named;
try {
  const response = await fetch(`http://${host}:${port}${path}`, { signal: AbortSignal.timeout(4_000) });
  process.stdout.write(await response.text());
  process.exit(response.ok ? 0 : 1);
} catch (error) {
  process.stdout.write(`${host}:${port}: ${error.cause?.message ?? error.message}\n`);
  process.exit(1);
}
