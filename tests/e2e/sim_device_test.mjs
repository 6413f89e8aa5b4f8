// `ringmaster engine --device sim` behind a gateway: too little KV, and clients that leave.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { binary, getJson, run, startFleet, until } from './fleet.mjs';

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
  answers.forEach((stated, i) => assert.equal(stated, i % 3 === 0 ? null : 120, `request ${i}`));
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

test('up gives the profile to its engines and its gateway', async () => {
  const fleet = await startFleet('--engines', '1', '--device', 'sim', '--sim-profile', 'qwen2.5-14b@910b3', '--sim-speed', '8');
  try {
    const { data } = await getJson(`${fleet.engines[0].url}/v1/models`);
    assert.equal(data[0].max_model_len, 32768);
    const load = await getJson(`${fleet.engines[0].url}/load`);
    assert.equal(load.block_count, 122000 / 16);
  } finally {
    assert.equal(await fleet.stop(), 0);
  }
});

test('a device without a host tier refuses memory for one', async () => {
  const { code, stderr } = await run(['engine', '--device', 'sim', '--host-memory', '1GB']);
  assert.equal(code, 2);
  assert.equal(stderr.trimEnd(), 'ringmaster: --host-kv-blocks, --host-memory: --device sim has no host tier');
});

test('overlapped launches are refused where nothing is launched', async () => {
  const { code, stderr } = await run(['engine', '--device', 'sim', '--overlap-launches']);
  assert.equal(code, 2);
  assert.equal(stderr.trimEnd(), 'ringmaster: --overlap-launches: expected --device cuda beside it');
});

test('a prefill kernel is refused where there is none', async () => {
  const { code, stderr } = await run(['engine', '--device', 'sim', '--prefill-kernel', 'wgmma']);
  assert.equal(code, 2);
  assert.equal(stderr.trimEnd(), 'ringmaster: --prefill-kernel wgmma: expected --device cuda beside it');
});

test('a KV cache of FP8 is refused where there is none', async () => {
  const { code, stderr } = await run(['engine', '--device', 'sim', '--kv-cache-type', 'e4m3']);
  assert.equal(code, 2);
  assert.equal(stderr.trimEnd(), 'ringmaster: --kv-cache-type e4m3: expected --device cuda beside it');
});

test('up refuses a profile for engines that compute', async () => {
  const { code, stderr } = await run(['up', '--sim-profile', 'qwen2.5-14b@910b3']);
  assert.equal(code, 2);
  assert.equal(stderr.trimEnd(), 'ringmaster: --sim-profile, --sim-speed: expected --device sim beside them');
});
