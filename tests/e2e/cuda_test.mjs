// `--device cuda` as a user meets it, with an emulated GPU in the card's place: everything from the flags to the
// module's functions is the program's own. What can be wrong with a card, a driver or a model is one line before
// anything is served; what goes wrong in a step fails that step's requests, and nothing hangs.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { binary, run, startFleetIn } from './fleet.mjs';

const module_ = process.env.RINGMASTER_EMULATED_MODULE;
const standIn = process.env.RINGMASTER_STAND_IN_MODULE; // The module's own code, over a stand-in for CUDA.
const skip = module_ ? false : 'no emulated module in this build';

let folder;
let model;
let toy; // Its heads are of 64.
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ringmaster-'));
  model = join(folder, 'tiny');
  toy = join(folder, 'toy');
  assert.equal((await run(['model', 'make-tiny', model])).code, 0);
  assert.equal((await run(['model', 'make-tiny', toy, '--shape', 'toy'])).code, 0);
});
const children = [];
after(() => {
  for (const child of children) child.kill('SIGKILL'); // Those of tests that failed.
  rmSync(folder, { recursive: true });
});

const environment = (more = {}) => ({ ...process.env, RINGMASTER_CUDA_MODULE: module_, ...more });
const engine = (where, ...flags) => ['engine', '--device', 'cuda', '--model', where, '--listen', '127.0.0.1:0', ...flags];

/** Runs an engine that must refuse to start: its one line. */
async function refusal(args, more = {}) {
  const { code, stdout, stderr } = await run(args, { env: environment(more) });
  assert.equal(code, 2, stderr);
  assert.equal(stdout, '');
  assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  return stderr;
}

/** A copy of the model with one file changed. */
function changed(name, file, change) {
  const copy = join(folder, name);
  cpSync(model, copy, { recursive: true });
  change(join(copy, file));
  return copy;
}

/** A copy whose config.json has other keys. */
const configured = (name, keys) =>
  changed(name, 'config.json', (path) => {
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...keys }));
  });

test('a driver older than the toolkit is one line with both versions', { skip }, async () => {
  assert.match(await refusal(engine(model), { EMULATED_FAULT: 'driver' }), /driver is for CUDA 12\.2, this build needs 13\.0.*--device cpu/);
});

test('a module of another version is one line with both', { skip }, async () => {
  assert.match(await refusal(engine(model), { EMULATED_FAULT: 'version' }), /has version 99, this program needs \d+/);
});

test('too little device memory is one line with the figures', { skip }, async () => {
  assert.match(await refusal(engine(model), { EMULATED_FAULT: 'memory' }), /tiny: .*weights need 0\.01 GiB, .* 0\.00 GiB free/);
});

test('a shard that is missing, or cut short, is one line that names it', { skip }, async () => {
  const name = readdirSync(model).find((file) => file.endsWith('.safetensors'));
  const missing = changed('missing', name, (path) => unlinkSync(path));
  assert.match(await refusal(engine(missing)), /missing.*safetensors/);
  const cut = changed('cut', name, (path) => truncateSync(path, 1000));
  assert.match(await refusal(engine(cut)), new RegExp(`cut/${name}`));
  const listed = changed('listed', 'model.safetensors.index.json', (path) => {
    writeFileSync(path, JSON.stringify({ weight_map: { 'model.embed_tokens.weight': 'model-00002-of-00002.safetensors' } }));
    unlinkSync(join(folder, 'listed', name));
  });
  assert.match(await refusal(engine(listed)), /model-00002-of-00002\.safetensors/);
});

test('an architecture or element type that is not supported is one line that names it', { skip }, async () => {
  assert.match(await refusal(engine(configured('mamba', { architectures: ['MambaForCausalLM'] }))), /mamba\/config\.json.*MambaForCausalLM/);
  assert.match(await refusal(engine(configured('quantised', { quantization_config: { quant_method: 'gptq' } }))), /quantised\/config\.json.*quantization_config/);
  const name = readdirSync(model).find((file) => file.endsWith('.safetensors'));
  const odd = changed('odd', name, (path) => {
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE(0));
    const header = bytes.toString('utf8', 8, 8 + length).replace(/"BF16"/, '"I16" ').padEnd(length);
    bytes.write(header.slice(0, length), 8);
    writeFileSync(path, bytes);
  });
  assert.match(await refusal(engine(odd)), /odd: tensor .* has elements of type I16, expected BF16, F16 or F32/);
});

test('a head size without a kernel is one line that names it and what works', { skip }, async () => {
  const heads = join(folder, 'heads');
  cpSync(model, heads, { recursive: true });
  const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8'));
  // The same matrices read as heads of half the size: 8, for which there is no kernel.
  const halved = { num_attention_heads: config.num_attention_heads * 2, num_key_value_heads: config.num_key_value_heads * 2 };
  if (config.head_dim) halved.head_dim = config.head_dim / 2;
  writeFileSync(join(heads, 'config.json'), JSON.stringify({ ...config, ...halved }));
  assert.match(await refusal(engine(heads)), /heads of size 8 have no kernel on a GPU: expected 16, 32, 64 or 128; --device cpu/);
});

/** A running engine: {url, post, stop, stderr}. */
async function startEngine(more, ...flags) {
  return start(engine(model, '--json', ...flags), more);
}

async function start(args, more = {}) {
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment(more) });
  children.push(child);
  let stderr = '';
  child.stderr.on('data', (bytes) => (stderr += bytes));
  const ended = once(child, 'exit');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { url, model: name } = JSON.parse(line);
  const post = (body) =>
    fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: name, prompt: 'Once upon a time', max_tokens: 6, ignore_eos: true, temperature: 0, ...body }),
      signal: AbortSignal.timeout(60_000),
    });
  const stop = async () => {
    child.kill('SIGTERM');
    return (await ended)[0];
  };
  return { url, post, stop, stderr: () => stderr };
}

test('an engine on the emulated GPU serves, and says that it is well', { skip }, async () => {
  const { url, post, stop } = await startEngine({});
  const answer = await post({});
  assert.equal(answer.status, 200);
  assert.equal((await answer.json()).usage.completion_tokens, 6);
  assert.equal((await fetch(`${url}/health`)).status, 200);
  assert.equal(await stop(), 0);
});

test('a KV cache of e4m3 is compared with bf16 at the start, then serves', { skip }, async () => {
  const { post, stop, stderr } = await startEngine({}, '--kv-cache-type', 'e4m3', '--overlap-launches', '--context-tokens-max', '64');
  const answer = await post({});
  assert.equal(answer.status, 200);
  assert.equal((await answer.json()).usage.completion_tokens, 6);
  assert.equal(await stop(), 0);
  assert.match(stderr(), /kv_cache_type=e4m3 kv_error=0\.[0-9]+ kv_error_max=0\.2500: log-probabilities against bf16/);
});

test('a KV cache of e4m3 that is further off than allowed, or fails, is one line and no service', { skip }, async () => {
  const flags = ['--kv-cache-type', 'e4m3', '--context-tokens-max', '64'];
  assert.match(
    await refusal(engine(model, ...flags, '--kv-error-max', '1e-6')),
    /tiny: a KV cache of e4m3 moves this model's log-probabilities by 0\.[0-9]+ on average, more than 1e-06: expected bf16, or a larger --kv-error-max/,
  );
  assert.match(await refusal(engine(model, ...flags), { EMULATED_FAULT: 'step:1' }), /tiny: step: an emulated fault/);
});

test('an error of the device fails what runs with a clear error, then health is 503 and nothing hangs', { skip }, async () => {
  const { url, post, stop, stderr } = await startEngine({ EMULATED_FAULT: 'step:3' });
  assert.equal((await fetch(`${url}/health`)).status, 200);
  const [whole, streamed] = await Promise.all([post({}), post({ stream: true })]);
  // A stream may have begun: then its last event is the error, and there is no [DONE].
  const text = await streamed.text();
  assert.match(text, /the device failed: step: an emulated fault/);
  assert.doesNotMatch(text, /\[DONE\]/);
  assert.equal(whole.status, 502);
  assert.match((await whole.json()).error.message, /the device failed: step: an emulated fault/);
  assert.equal((await fetch(`${url}/health`)).status, 503);
  assert.equal((await post({})).status, 502);
  const load = await (await fetch(`${url}/load`)).json();
  assert.deepEqual([load.running, load.waiting, load.kv_usage], [0, 0, 0]);
  assert.equal(await stop(), 0);
  const counts = [...stderr().matchAll(/error step failed, and (\d+) requests? with it: step: an emulated fault$/gm)].map(([, count]) => Number(count));
  assert.equal(counts.reduce((sum, count) => sum + count, 0), 3);
});

test('two GPUs share a model out and give the same answer as one', { skip }, async () => {
  const contents = [];
  for (const gpus of ['1', '2']) {
    const { post, stop } = await startEngine({ EMULATED_GPUS: '2' }, '--tensor-parallel', gpus, '--context-tokens-max', '64');
    const answer = await post({});
    assert.equal(answer.status, 200);
    contents.push((await answer.json()).choices[0].text);
    assert.equal(await stop(), 0);
  }
  assert.equal(contents[1], contents[0]);
});

/** An answer of four tokens to `prompt`, and how much of that was cached. */
async function answerTo(prompt, post) {
  const answer = await post({ prompt, max_tokens: 4, logprobs: 3 });
  assert.equal(answer.status, 200);
  const { choices, usage } = await answer.json();
  const { tokens, token_logprobs, top_logprobs } = choices[0].logprobs;
  return { cached: usage.prompt_tokens_details.cached_tokens, output: { tokens, token_logprobs, top_logprobs } };
}

const prompt = Array.from({ length: 40 }, (_, i) => 20 + ((i * 37) % 200)); // Two blocks of 16 and a half.
const small = ['--context-tokens-max', '64', '--max-num-seqs', '4'];

// How far the log-probabilities of the first output may be from the cpu's, who computes in f32: two to three times what was measured.
for (const [what, flags, { large = false, gpus = '1', off }] of [
  ['the usual kernels', [], { off: 0.005 }],
  ['prefill by warpgroups', ['--prefill-kernel', 'wgmma'], { large: true, off: 0.03 }],
  ['a KV cache of e4m3', ['--kv-cache-type', 'e4m3'], { off: 0.04 }],
  ['two GPUs', ['--tensor-parallel', '2'], { gpus: '2', off: 0.005 }],
  ['two GPUs, e4m3 and a host tier', ['--tensor-parallel', '2', '--kv-cache-type', 'e4m3', '--host-kv-blocks', '8'], { gpus: '2', off: 0.04 }],
]) {
  test(`${what}: the same bits cold, cached and in a batch, near the cpu's`, { skip }, async () => {
    const where = large ? toy : model;
    const onCpu = await start(['engine', '--model', where, '--listen', '127.0.0.1:0', '--json', ...small]);
    const { output: want } = await answerTo(prompt, onCpu.post);
    assert.equal(await onCpu.stop(), 0);

    const onGpu = await start(engine(where, '--json', '--deterministic', ...small, ...flags), { EMULATED_GPUS: gpus });
    const other = prompt.map((token) => token + 1);
    const [cold] = await Promise.all([answerTo(prompt, onGpu.post), answerTo(other, onGpu.post)]);
    const again = await answerTo(prompt, onGpu.post);
    assert.deepEqual([cold.cached, again.cached], [0, 32]);
    assert.deepEqual(again.output, cold.output);
    const distance = Math.abs(cold.output.top_logprobs[0][want.tokens[0]] - want.token_logprobs[0]);
    assert.ok(distance < off, `off by ${distance}`);
    assert.equal(await onGpu.stop(), 0);
  });
}

test('who asks for prefill by warpgroups is told whether the model gets it', { skip }, async () => {
  for (const [where, note] of [
    [toy, /prefill_kernel=wgmma$/m],
    [model, /prefill_kernel=mma: wgmma is for heads of 64 or 128 and a KV cache of bf16$/m],
  ]) {
    const { stop, stderr } = await start(engine(where, '--json', '--prefill-kernel', 'wgmma', ...small));
    assert.equal(await stop(), 0);
    assert.match(stderr(), note);
  }
  const { stop, stderr } = await start(engine(model, '--json', ...small));
  assert.equal(await stop(), 0);
  assert.doesNotMatch(stderr(), /prefill_kernel/);
});

test('what cannot be shared out is one line before anything is served', { skip }, async () => {
  const on = (gpus, ...flags) => engine(model, '--tensor-parallel', gpus, ...flags);
  const two = { EMULATED_GPUS: '2' };
  assert.match(await refusal(on('3'), { EMULATED_GPUS: '4' }), /tiny: 4 query heads cannot be divided among 3 devices/);
  assert.match(await refusal(on('2')), /tiny: GPUs 0 to 1 are wanted \(--tensor-parallel\), of 1 that are visible/);
  assert.match(await refusal(on('2', '--overlap-launches'), two), /tiny: overlapped launches: expected one GPU, not 2/);
  assert.match(await refusal(on('4', '--deterministic'), { EMULATED_GPUS: '4' }), /tiny: deterministic: expected at most 2 GPUs/);
});

test('an error on one of two GPUs fails what runs, and names the GPU', { skip }, async () => {
  const { url, post, stop } = await startEngine({ EMULATED_FAULT: 'step:3', EMULATED_GPUS: '2' }, '--tensor-parallel', '2');
  const answer = await post({});
  assert.equal(answer.status, 502);
  assert.match((await answer.json()).error.message, /the device failed: GPU 1: step: an emulated fault/);
  assert.equal((await fetch(`${url}/health`)).status, 503);
  assert.equal(await stop(), 0);
});

test('up shares the GPU between its engines', { skip }, async () => {
  const up = (engines, ...flags) => ['up', '--device', 'cuda', '--engines', engines, '--port', '0', '--admin-port', '0', ...flags];
  const without = await run(up('2'), { env: environment({ EMULATED_FAULT: 'memory' }) });
  assert.equal(without.code, 1);
  assert.match(without.stderr, /engine-0: .*may use a share of 0\.45 \(--memory-utilization\)/);
  const given = await run(up('2', '--memory-utilization', '0.3'), { env: environment({ EMULATED_FAULT: 'memory' }) });
  assert.match(given.stderr, /engine-0: .*may use a share of 0\.30 \(--memory-utilization\)/);
  assert.equal(
    await refusal(up('2', '--memory-utilization', '0.6')),
    'ringmaster: --memory-utilization: 2 engines share a GPU: expected at most 0.500\n',
  );
  assert.equal(
    await refusal(up('91')),
    'ringmaster: --engines: expected at most 90 on one GPU, each with at least 0.01 of its memory\n',
  );
});

test('up gives each engine GPUs of its own where there are enough, and says which', { skip }, async () => {
  const gpusOf = async (visible, ...flags) => {
    const fleet = await startFleetIn(environment({ EMULATED_GPUS: visible }), '--device', 'cuda', '--deterministic', ...small, ...flags);
    try {
      return fleet.engines.map((one) => [one.gpus, readFileSync(`/proc/${one.pid}/cmdline`, 'utf8').match(/--(gpu|memory-utilization)=[\d.]+/g)]);
    } finally {
      assert.equal(await fleet.stop(), 0);
    }
  };
  assert.deepEqual(await gpusOf('5', '--engines', '2', '--tensor-parallel', '2', '--gpu', '1'), [
    [[1, 2], ['--gpu=1', '--memory-utilization=0.900000']],
    [[3, 4], ['--gpu=3', '--memory-utilization=0.900000']],
  ]);
  assert.deepEqual(await gpusOf('2', '--engines', '3', '--memory-utilization', '0.3'), [
    [[0], ['--gpu=0', '--memory-utilization=0.300000']],
    [[1], ['--gpu=1', '--memory-utilization=0.300000']],
    [[0], ['--gpu=0', '--memory-utilization=0.300000']],
  ]);
});

for (const [engines, parts] of [
  ['2', [/^engine-0 \S+ {2}\(process \d+, GPU 0\)$/m, /^engine-1 \S+ {2}\(process \d+, GPU 1\)$/m, /^No GPU is shared; an engine takes 0\.900 of the memory\.$/m]],
  ['3', [/^engine-2 \S+ {2}\(process \d+, GPU 0\)$/m, /^GPUs are shared, each by up to 2 engines that take 0\.450 of its memory each\.$/m]],
]) {
  test(`up says how ${engines} engines have two GPUs`, { skip }, async () => {
    const args = ['up', '--device', 'cuda', '--engines', engines, '--port', '0', '--admin-port', '0', ...small];
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'ignore'], env: environment({ EMULATED_GPUS: '2' }) });
    children.push(child);
    const lines = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (line.startsWith('Ctrl-C')) child.kill('SIGTERM');
    }
    for (const part of parts) assert.match(lines.join('\n'), part);
  });
}

const skipStandIn = standIn ? false : 'no module over a stand-in for CUDA and NCCL in this build';

test('two engines on two GPUs each give the same answer', { skip: skipStandIn }, async () => {
  const machine = { RINGMASTER_CUDA_MODULE: standIn, STAND_IN_GPUS: '4', STAND_IN_MEMORY_MIB: '600' };
  const flags = ['--engines', '2', '--tensor-parallel', '2', '--kv-blocks', '64', '--deterministic', ...small];
  const fleet = await startFleetIn(environment(machine), '--device', 'cuda', ...flags);
  try {
    assert.deepEqual(fleet.engines.map(({ gpus }) => gpus), [[0, 1], [2, 3]]);
    const answers = fleet.engines.map(async ({ url }) => {
      const body = JSON.stringify({ model: fleet.model, prompt, max_tokens: 4, temperature: 0 });
      const answer = await fetch(`${url}/v1/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      assert.equal(answer.status, 200);
      return (await answer.json()).choices[0].text;
    });
    const [first, second] = await Promise.all(answers);
    assert.equal(first, second);
  } finally {
    assert.equal(await fleet.stop(), 0);
  }
});

// The last of the GPUs fails: it is the second engine's, and the first one's is well.
test('an engine runs on the GPU that it was given', { skip: skipStandIn }, async () => {
  const machine = { RINGMASTER_CUDA_MODULE: standIn, STAND_IN_GPUS: '2', STAND_IN_MEMORY_MIB: '600', STAND_IN_FAULT: '0' };
  const up = ['up', '--device', 'cuda', '--engines', '2', '--port', '0', '--admin-port', '0', '--kv-blocks', '64', ...small];
  const { code, stderr } = await run(up, { env: environment(machine) });
  assert.equal(code, 1);
  assert.match(stderr, /^ringmaster: engine-1: .*: Stand-in 1: [^\n]*unspecified launch failure[^\n]*\n$/);
});

test('a GPU that there is not is one line that says how many there are', { skip }, async () => {
  assert.match(await refusal(engine(model, '--gpu', '2'), { EMULATED_GPUS: '2' }), /tiny: GPU 2 is wanted \(--gpu\), of 2 that are visible$/m);
  assert.match(await refusal(engine(model, '--gpu', '-1')), /--gpu/);
});

test('up gives each engine the flags of a GPU, and what an engine refuses is its one line', { skip }, async () => {
  const flags = ['--device', 'cuda', '--engines', '1', '--tensor-parallel', '2', '--kv-cache-type', 'e4m3', '--context-tokens-max', '256'];
  const fleet = await startFleetIn(environment({ EMULATED_GPUS: '2' }), ...flags, '--deterministic', '--max-num-seqs', '4');
  try {
    const { usage } = await fleet.client.chat.completions.create({
      model: fleet.model, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 2,
    });
    assert.equal(usage.completion_tokens, 2);
  } finally {
    assert.equal(await fleet.stop(), 0);
  }
  const refused = await run(['up', '--port', '0', '--admin-port', '0', ...flags, '--kv-error-max', '1e-6'], {
    env: environment({ EMULATED_GPUS: '2' }),
  });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^ringmaster: engine-0: .*a KV cache of e4m3 moves this model's log-probabilities by 0\.\d+ on average[^\n]*\n$/);
});
