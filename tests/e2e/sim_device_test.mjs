// `ringmaster engine --device sim` behind a gateway: too little KV, and clients that leave.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { binary, getJson, until } from './fleet.mjs';

const folder = mkdtempSync(join(tmpdir(), 'ringmaster-sim-device-'));
const children = [];
after(async () => {
  for (const child of children.reverse()) child.kill('SIGTERM');
  await Promise.all(children.map((child) => child.exitCode ?? once(child, 'exit')));
  rmSync(folder, { recursive: true });
});

async function start(...args) {
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return JSON.parse(line);
}

async function startFleetOf(engines) {
  const config = join(folder, 'gateway.yaml');
  writeFileSync(config, [
    'listen: 127.0.0.1:0', 'admin: {listen: 127.0.0.1:0}', 'log: {level: error}',
    'models: [{name: sim, block_tokens: 16}]', 'instances:',
    ...engines.map(({ url }, i) => `  - {id: i${i}, url: "${url}", adapter: ringmaster, model: sim}`), '',
  ].join('\n'));
  return (await start('serve', '-c', config, '--json')).gateway;
}

const engineFlags = ['engine', '--device', 'sim', '--sim-profile', 'qwen2.5-7b@910b4', '--sim-speed', '20',
  '--kv-blocks', '100', '--listen', '127.0.0.1:0', '--json', '--end-with-parent'];

/** Reads a stream to its end, or leaves after some events. Returns the tokens that its usage states. */
async function complete(url, prompt, tokens, leavesAfter = Infinity) {
  const reply = await fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'sim', prompt, max_tokens: tokens, ignore_eos: true, stream: true, stream_options: { include_usage: true },
    }),
  });
  assert.equal(reply.status, 200, await (reply.status === 200 ? '' : reply.text()));
  let text = '';
  for await (const bytes of reply.body) {
    text += Buffer.from(bytes).toString('latin1');
    if (text.split('data: {').length > leavesAfter) return null; // Leaving the loop closes the connection.
  }
  return Number(/"completion_tokens":\s*(\d+)/.exec(text)?.[1]);
}

test('requests that stay are answered whole while others leave and preempt each other', async () => {
  const engines = [await start(...engineFlags), await start(...engineFlags)];
  const url = await startFleetOf(engines);
  const prompts = Array.from({ length: 40 }, (_, i) =>
    Array.from({ length: 300 + 10 * i }, (_, k) => (k < 160 ? k : k * (i + 1)) % 256));
  const answers = await Promise.all(prompts.map((prompt, i) =>
    complete(url, prompt, 120, i % 3 === 0 ? 10 : Infinity)));
  // What comes late comes in fewer events: who leaves after ten may have had all of them.
  answers.forEach((stated, i) => assert.ok(stated === 120 || (i % 3 === 0 && stated === null), `request ${i}: ${stated}`));
  assert.ok(answers.includes(null), 'the test wants clients that leave');
  let preemptions = 0;
  for (const engine of engines) {
    await until('the engine holds nothing', async () => {
      const load = await getJson(`${engine.url}/load`);
      return load.running === 0 && load.waiting === 0 && load.kv_usage === 0;
    });
    const metrics = await (await fetch(`${engine.url}/metrics`)).text();
    preemptions += Number(/^vllm:num_preemptions_total\{.*\} (\d+)/m.exec(metrics)[1]);
  }
  assert.ok(preemptions > 0, 'the test wants engines under pressure');
});
