// The gateway by its configuration file, before servers of which it knows nothing but that they speak OpenAI.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { binary, run, until } from './fleet.mjs';

const folder = mkdtempSync(join(tmpdir(), 'ringmaster-'));
const started = [];

const start = (...args) => startBy([binary, ...args]);

async function startBy([program, ...args]) {
  const child = spawn(program, [...args, '--json'], { stdio: ['ignore', 'pipe', 'ignore'] });
  started.push(child);
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, ready: JSON.parse(line) };
}

const startEngine = (address) =>
  start('engine', '--model', join(folder, 'tiny'), '--served-name', 'm', '--listen', address);

async function end(child, signal) {
  const ended = once(child, 'exit');
  child.kill(signal);
  return (await ended)[0];
}

let engines;
let gateway;
before(async () => {
  assert.equal((await run(['model', 'make-tiny', join(folder, 'tiny')])).code, 0);
  engines = await Promise.all([startEngine('127.0.0.1:0'), startEngine('127.0.0.1:0')]);
  // The smallest configuration as it stands, but for the ports.
  const text = readFileSync(process.env.RINGMASTER_SMALLEST_CONFIG, 'utf8')
    .replaceAll(/127\.0\.0\.1:80\d\d/g, '127.0.0.1:0')
    .replace('http://127.0.0.1:9101', engines[0].ready.url)
    .replace('http://127.0.0.1:9102', engines[1].ready.url);
  writeFileSync(join(folder, 'gateway.yaml'), text);
  gateway = await start('serve', '-c', join(folder, 'gateway.yaml'));
});
after(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

const ask = (prompt) =>
  fetch(`${gateway.ready.gateway}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'mine' },
    body: JSON.stringify({ model: 'm', prompt, max_tokens: 4 }),
  });

test('the smallest configuration serves requests', async () => {
  const answer = await ask('hello');
  assert.equal(answer.status, 200);
  assert.equal((await answer.json()).model, 'm');
  const models = await (await fetch(`${gateway.ready.gateway}/v1/models`)).json();
  assert.deepEqual(models.data.map(({ id }) => id), ['m']);
  assert.equal((await fetch(`${gateway.ready.gateway}/healthz`)).status, 200);
  assert.equal((await fetch(`${gateway.ready.gateway}/readyz`)).status, 200);
});

test('it may open as many files as the hard limit allows, whatever the soft one says', async () => {
  const script = 'ulimit -Sn 64; ulimit -Hn 3000; exec "$0" "$@"';
  const { child, ready } = await startBy(['bash', '-c', script, binary, 'serve', '-c', join(folder, 'gateway.yaml')]);
  const metrics = await (await fetch(`${ready.gateway}/metrics`)).text();
  assert.match(metrics, /^process_max_fds 3000$/m);
  const version = (await run(['--version'])).stdout.replace('ringmaster ', '').trim();
  assert.ok(metrics.includes(`ringmaster_build_info{version="${version}"} 1`), metrics);
  assert.equal(await end(child, 'SIGTERM'), 0);
});

test('a recording can be followed while it is made', async () => {
  const events = join(folder, 'events.txt');
  const { child, ready } = await start('serve', '-c', join(folder, 'gateway.yaml'), '--record-events', events);
  await until('the instances are in the recording', async () => {
    await fetch(`${ready.gateway}/v1/completions`, {
      method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', prompt: 'x', max_tokens: 1 }),
    });
    return /^\d+ finished /m.test(readFileSync(events, 'utf8'));
  });
  await end(child, 'SIGKILL');
  assert.match(readFileSync(events, 'utf8'), /^ringmaster-record 1 /);
});

test('with all instances down it answers 503 with Retry-After, and recovers without a restart', async () => {
  for (const { child } of engines) await end(child, 'SIGKILL');
  await until('the gateway is not ready', async () =>
    (await fetch(`${gateway.ready.gateway}/readyz`)).status === 503);
  const refused = await ask('anyone?');
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  assert.match((await refused.json()).error.message, /instance/);

  await startEngine(new URL(engines[0].ready.url).host);
  await until('it serves again', async () => {
    const answer = await ask('back?');
    await answer.arrayBuffer();
    return answer.status === 200;
  });
});

test('SIGTERM ends it with exit code 0', async () => {
  assert.equal(await end(gateway.child, 'SIGTERM'), 0);
});
