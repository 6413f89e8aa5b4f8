// What is said of an engine on a command line: `ringmaster engine` takes it for itself, `ringmaster up` for each of its engines.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getJson, run, startFleet, words } from './fleet.mjs';

const engine = ['engine', '--listen', '127.0.0.1:0'];
const up = ['up', '--port', '0', '--admin-port', '0'];

/** The one line with which both commands refuse the same flags, before anything is started. */
async function refusals(...flags) {
  const said = [];
  for (const command of [engine, up]) {
    const { code, stdout, stderr } = await run([...command, ...flags]);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
    said.push(stderr.replaceAll('ringmaster engine', 'ringmaster up'));
  }
  assert.equal(said[0], said[1]);
  assert.match(said[0], /^[^\n]+\n$/);
  return said[0].trimEnd();
}

test('a flag that the device cannot have is refused by engine and up in the same line', async () => {
  for (const [device, flags, wanted] of [
    ['cpu', ['--kv-cache-type', 'e4m3'], 'cuda'],
    ['cpu', ['--memory-utilization', '0.2'], 'cuda'],
    ['cpu', ['--deterministic'], 'cuda'],
    ['cpu', ['--sim-speed', '2'], 'sim'],
    ['cpu', ['--sim-profile', 'qwen2.5-14b@910b3'], 'sim'],
    ['sim', ['--overlap-launches'], 'cuda'],
    ['sim', ['--prefill-kernel', 'wgmma'], 'cuda'],
    ['sim', ['--tensor-parallel', '2'], 'cuda'],
    ['sim', ['--kv-error-max', '0.1'], 'cuda'],
    ['sim', ['--threads', '2'], 'cpu'],
    ['cuda', ['--memory', '1GB'], 'cpu'],
  ]) {
    assert.equal(await refusals('--device', device, ...flags), `ringmaster: ${flags[0]}: expected --device ${wanted} beside it`);
  }
});

test('values that no engine takes are refused by engine and up in the same line', async () => {
  assert.match(await refusals('--kv-cache-type', 'fp8'), /^ringmaster up: --kv-cache-type: expected one of bf16, e4m3, found "fp8"; see /);
  assert.match(await refusals('--block-tokens', '0'), /^ringmaster up: --block-tokens: expected a number from 1 to 1024, found "0"; see /);
  for (const [flag, value, range] of [
    ['--kv-error-max', '-1', '1e-06 to 1000'],
    ['--context-tokens-max', '-5', '0 to 1e+09'],
    ['--threads', '9999', '0 to 1024'],
    ['--kv-cache-tokens', '8', '16 to 1e+09'],
    ['--memory-utilization', '1.5', '0.01 to 1'],
  ]) {
    assert.equal(
      await refusals(flag, value),
      `ringmaster up: ${flag}: expected a number from ${range}, found "${value}"; see ringmaster up --help`,
    );
  }
  assert.match(await refusals('--kv-cache-tpye', 'e4m3'), /unknown option "--kv-cache-tpye" \(did you mean '--kv-cache-type'\?\)/);
  assert.match(await refusals('--device', 'sim', '--sim-profile', 'qwen@abacus'), /^ringmaster: --sim-profile: .*qwen@abacus/);
});

test('a host tier is refused by engine and up where nothing could go there', async () => {
  const flags = '--host-kv-blocks, --host-memory';
  assert.equal(await refusals('--device', 'sim', '--host-memory', '1GB'), `ringmaster: ${flags}: --device sim has no host tier`);
  assert.equal(
    await refusals('--no-prefix-cache', '--host-kv-blocks', '8'),
    `ringmaster: ${flags}: without the prefix cache nothing goes there`,
  );
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

test('up gives its flags to each engine, and the gateway knows of them', async () => {
  const fleet = await startFleet(
    ...['--engines', '2', '--device', 'sim', '--sim-speed', '20', '--block-tokens', '32', '--kv-blocks', '100'],
    ...['--context-tokens-max', '2048', '--default-output-tokens', '3'],
  );
  try {
    for (const { url } of fleet.engines) {
      const load = await getJson(`${url}/load`);
      assert.deepEqual([load.block_tokens, load.block_count], [32, 100]);
      assert.equal((await getJson(`${url}/v1/models`)).data[0].max_model_len, 2048);
    }
    const ask = () =>
      fleet.client.chat.completions.create({ model: fleet.model, messages: [{ role: 'user', content: words(1, 64) }] });
    assert.equal((await ask()).usage.completion_tokens, 3);
    assert.ok((await ask()).usage.prompt_tokens_details.cached_tokens >= 64);
    assert.doesNotMatch(fleet.log(), /block_tokens/); // Blocks of another size would be warned of.
  } finally {
    assert.equal(await fleet.stop(), 0);
  }
});

test('up gives its engines the host tier that a size in words asks for', async () => {
  const fleet = await startFleet('--engines', '1', '--kv-cache-tokens', '512', '--host-memory', '1MB', '--no-prefix-cache=false');
  try {
    const metrics = await (await fetch(`${fleet.engines[0].url}/metrics`)).text();
    assert.match(metrics, /^ringmaster_engine_host_tier_blocks\{.*\} [1-9]/m);
  } finally {
    assert.equal(await fleet.stop(), 0);
  }
});
