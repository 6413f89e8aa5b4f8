// The program as a process: how it starts, refuses to start, and ends.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { test } from 'node:test';
import { isRunning, run, startFleet, until } from './fleet.mjs';

const lines = (text) => text.trimEnd().split('\n');

async function withBusyPort(use) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(server.address().port);
  } finally {
    server.close();
  }
}

test('SIGTERM lets a stream end whole and exits 0, and the engines end too', async () => {
  const fleet = await startFleet('--engines', '2');
  const stream = await fleet.client.completions.create({
    model: fleet.model,
    prompt: 'On and on',
    max_tokens: 40,
    stream: true,
    ignore_eos: true,
  });
  let finish = null;
  let asked = false;
  for await (const chunk of stream) {
    if (!asked) process.kill(fleet.pid, 'SIGTERM');
    asked = true;
    finish = chunk.choices[0]?.finish_reason ?? finish;
  }
  assert.equal(finish, 'length');
  assert.deepEqual(await fleet.ended, { code: 0, signal: null });
  assert.ok(fleet.engines.every(({ pid }) => !isRunning(pid)));
});

test('a killed fleet takes its engines along', async () => {
  const fleet = await startFleet('--engines', '2');
  assert.ok(fleet.engines.every(({ pid }) => isRunning(pid)));
  fleet.kill();
  await fleet.ended;
  await until('no engine runs', () => fleet.engines.every(({ pid }) => !isRunning(pid)));
});

test('a port in use is one line and exit code 1', async () => {
  await withBusyPort(async (port) => {
    const { code, stderr } = await run(['up', '--engines', '1', '--port', `${port}`, '--admin-port', '0']);
    assert.equal(code, 1);
    assert.equal(lines(stderr).length, 1);
    assert.match(stderr, new RegExp(`${port}`));
    assert.match(stderr, /in use; --port 0 takes a free one$/im);
  });
});

test('a missing model folder is one line that names it', async () => {
  for (const args of [
    ['up', '--model', '/no/such/model', '--port', '0', '--admin-port', '0'],
    ['engine', '--model', '/no/such/model', '--listen', '127.0.0.1:0'],
    ['model', 'inspect', '/no/such/model'],
  ]) {
    const { code, stderr } = await run(args);
    assert.equal(code, args[0] === 'up' ? 1 : 2);
    assert.equal(lines(stderr).length, 1, stderr);
    assert.match(stderr, /\/no\/such\/model/);
  }
});

test('model inspect refuses what the engine would refuse', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-'));
  assert.equal((await run(['model', 'make-tiny', folder])).code, 0);
  const whole = await run(['model', 'inspect', folder, '--json']);
  assert.equal(JSON.parse(whole.stdout).chat_template, true, whole.stderr);
  writeFileSync(join(folder, 'tokenizer_config.json'), '[');
  const faulty = await run(['model', 'inspect', folder]);
  assert.equal(faulty.code, 2);
  assert.match(faulty.stderr, /tokenizer_config\.json: must be JSON/);
  rmSync(join(folder, 'tokenizer.json'));
  assert.match((await run(['model', 'inspect', folder])).stderr, /cannot read .*tokenizer\.json/);
  rmSync(folder, { recursive: true });
});

test('a wrong name on the command line is one line with the name that was perhaps meant', async () => {
  for (const [args, meant] of [
    [['simm'], 'unknown command "simm" (did you mean \'sim\'?); see ringmaster --help'],
    [['sim', 'gooodput'], 'unknown command "gooodput" (did you mean \'goodput\'?); see ringmaster sim --help'],
    [['sim', '--polcy', 'dualmap'], 'unknown option "--polcy" (did you mean \'--policy\'?); see ringmaster sim --help'],
    [['sim', 'plan', '--trace', 'x', '--slo-ttf=2s'], '(did you mean \'--slo-ttft\'?); see ringmaster sim plan --help'],
    [['trace', 'synthesize', 'agents'], '(did you mean \'agent\'?)'],
    [['config', 'explain', 'slo.ttf'], 'no key slo.ttf (did you mean \'slo.ttft\'?)'],
    [['engine', '--device', 'cdua'], '(did you mean \'cuda\'?)'],
    [['profile', 'list', 'extra'], 'expected nothing more, found "extra"; see ringmaster profile list --help'],
    [[], 'expected a command: up, serve, engine, config, model, profile, sim, trace, version; see ringmaster --help'],
    [['trace'], 'ringmaster trace: expected a command: stats, convert, synthesize, requests; see ringmaster trace --help'],
  ]) {
    const { code, stderr } = await run(args);
    assert.equal(code, 2, args.join(' '));
    assert.equal(lines(stderr).length, 1, stderr);
    assert.ok(stderr.includes(meant), stderr);
  }
});

test('a value that is no number, or not in its range, is one line that says what was expected', async () => {
  for (const [args, problem] of [
    [['sim', '--qps', 'abc'], '--qps: expected a number, found "abc"'],
    [['sim', '--qps', 'nan'], '--qps: expected a number, found "nan"'],
    [['sim', '--seed', '1,-2'], '--seed: expected a whole number from 0, found "-2"'],
    [['sim', '--requests', '-1'], '--requests: expected a whole number from 0, found "-1"'],
    [['sim', '--requests', '010'], '--requests: expected a whole number from 0, found "010"'],
    [['sim', '--jobs', '-1'], '--jobs: expected a whole number from 0, found "-1"'],
    [['sim', '--instances', '99999999999'], '--instances: expected a number that is not as large, found "99999999999"'],
    [['sim', 'goodput', '--trace', 'x', '--attainment', '95'], '--attainment: expected a number from 0 to 1, found "95"'],
    [['model', 'make-tiny', 'x', '--seed', '-1'], '--seed: expected a whole number from 0, found "-1"'],
    [['model', 'make-tiny', 'x', '--dtype', 'bf61'], '--dtype: expected one of bf16, f32, found "bf61" (did you mean \'bf16\'?)'],
    [['up', '--port', '70000'], '--port: expected a number that is not as large, found "70000"'],
    [['up', '--engines', '0'], '--engines: expected a number from 1 to 256, found "0"'],
    [['engine', '--seed', '99999999999999999999999'], '--seed: expected a whole number from 0, found "99999999999999999999999"'],
    [['engine', '--model', 'x', '--listen', 'nowhere'], 'expected host:port or [address]:port, found "nowhere"'],
  ]) {
    const { code, stderr } = await run(args);
    assert.equal(code, 2, args.join(' '));
    assert.equal(lines(stderr).length, 1, stderr);
    assert.ok(stderr.includes(problem), stderr);
  }
});

test('without a usable GPU --device cuda is one line that says why and what works', async () => {
  const { code, stderr } = await run(['engine', '--device', 'cuda', '--listen', '127.0.0.1:0'], {
    env: { ...process.env, RINGMASTER_CUDA_MODULE: '/no/such/module.so' },
  });
  assert.equal(code, 2);
  assert.equal(lines(stderr).length, 1, stderr);
  assert.match(stderr, /no GPU is usable: \/no\/such\/module\.so is missing/);
  assert.match(stderr, /--device cpu and --device sim work/);
});

test('a place that cannot be written is one line that names it', async () => {
  const made = await run(['model', 'make-tiny', '/proc/model']);
  assert.equal(made.code, 1);
  assert.equal(lines(made.stderr).length, 1);
  assert.match(made.stderr, /\/proc\/model/);
  const up = await run(['up', '--engines', '1', '--port', '0', '--admin-port', '0'], {
    env: { ...process.env, TMPDIR: '/proc' },
  });
  assert.equal(up.code, 1);
  assert.equal(lines(up.stderr).length, 1);
  assert.match(up.stderr, /\/proc/);
});

test('a configuration with faults is refused with all of them, by place', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-'));
  const file = join(folder, 'gateway.yaml');
  writeFileSync(file, 'listen: here\nslo: {ttft: 5}\npolicy: {name: dualmpa}\n');
  for (const args of [['config', 'check', file], ['serve', '-c', file]]) {
    const { code, stderr } = await run(args);
    assert.equal(code, 2);
    assert.equal(lines(stderr).length, 3, stderr);
    assert.match(stderr, new RegExp(`^${file}:1:9: listen: `));
    assert.match(stderr, /:2:13: slo\.ttft: /);
    assert.match(stderr, /:3:16: policy\.name: .*dualmap/);
  }
  rmSync(folder, { recursive: true });
});

test('a wrong flag is exit code 2, help and version are 0', async () => {
  assert.equal((await run(['up', '--no-such-flag'])).code, 2);
  assert.equal((await run(['no-such-command'])).code, 2);
  assert.equal((await run(['up', '--policy', 'no_such_policy', '--port', '0', '--admin-port', '0'])).code, 2);
  assert.equal((await run(['--help'])).code, 0);
  for (const word of ['version', '--version']) assert.match((await run([word])).stdout, /^ringmaster \d/);
});
