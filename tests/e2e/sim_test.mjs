// `ringmaster sim` and `ringmaster trace` as commands: what they print, refuse and write.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { binary, run } from './fleet.mjs';

const folder = mkdtempSync(join(tmpdir(), 'ringmaster-sim-'));
after(() => rmSync(folder, { recursive: true }));

/** Twenty conversations that take turns; each turn adds two blocks to the prompt of the last. */
function writeTrace(name, requests) {
  const lines = [];
  for (let i = 0; i < requests; i++) {
    const conversation = i % 20;
    const blocks = 2 + 2 * (Math.floor(i / 20) % 8);
    const ids = [0, ...Array.from({ length: blocks - 1 }, (_, k) => 1 + conversation * 100 + k)];
    lines.push(
      JSON.stringify({
        timestamp: 250 * i,
        input_length: blocks * 512,
        output_length: 10,
        hash_ids: ids,
      }),
    );
  }
  const path = join(folder, name);
  writeFileSync(path, lines.join('\n') + '\n');
  return path;
}

const trace = writeTrace('talk.jsonl', 400);
const small = ['--trace', trace, '--warmup', '50', '--instances', '2'];

const documentedKeys = [
  ...'trace policy qps instances gateways setting profile model seed requests slo_attainment'.split(' '),
  ...'ttft_p50_s ttft_p90_s ttft_p99_s ttft_mean_s e2e_p90_s tpot_p90_s'.split(' '),
  ...'cached_token_share pending_tokens_cv moves rejected retried lost'.split(' '),
  'worst_length_bucket_attainment', 'instance_seconds', 'instances_most',
];

async function runJson(...args) {
  const { code, stdout, stderr } = await run([...args, '--json', '-']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

async function refusal(...args) {
  const { code, stdout, stderr } = await run(args);
  assert.equal(code, 2, `${stdout}${stderr}`);
  return stderr.trimEnd();
}

test('sim prints one object per policy and rate with the documented keys', async () => {
  const points = await runJson('sim', ...small, '--policy', 'dualmap,round_robin', '--qps', '2,4');
  assert.deepEqual(
    points.map(({ policy, qps }) => [policy, qps]),
    [['dualmap', 2], ['dualmap', 4], ['round_robin', 2], ['round_robin', 4]],
  );
  for (const point of points) {
    assert.deepEqual(Object.keys(point), [...documentedKeys, 'wall_s', 'requests_per_wall_s']);
    assert.equal(point.trace, 'talk.jsonl');
    assert.equal(point.requests, 350);
    assert.ok(point.wall_s > 0);
  }
});

test('dual rings find more of the prompts cached than round robin', async () => {
  const [dualmap, roundRobin] = await runJson(
    'sim', '--trace', trace, '--warmup', '50', '--policy', 'dualmap,round_robin', '--qps', '4');
  assert.ok(dualmap.cached_token_share > roundRobin.cached_token_share);
});

test('equal inputs give equal bytes, however many jobs', async () => {
  const args = ['sim', ...small, '--policy', 'dualmap:variant=code,rebalance=off,power_of_two',
    '--qps', '2,3,4', '--no-wall', '--json', '-'];
  const first = await run([...args, '--jobs', '1']);
  const second = await run([...args, '--jobs', '4']);
  assert.equal(first.code, 0, first.stderr);
  assert.equal(first.stdout, second.stdout);
});

test('each seed is a point, and matters where gaps are drawn', async () => {
  const args = ['sim', ...small, '--policy', 'round_robin', '--qps', '30', '--seed', '1,2'];
  const [same, alike] = await runJson(...args);
  assert.deepEqual([same.seed, alike.seed], [1, 2]);
  assert.equal(same.ttft_mean_s, alike.ttft_mean_s); // Nothing is drawn.
  const [one, two] = await runJson(...args, '--arrivals', 'poisson');
  assert.equal(one.arrivals, 'poisson');
  assert.notEqual(one.ttft_mean_s, two.ttft_mean_s);
  const [first, second] = await runJson(...args, '--jitter', '0.5');
  assert.notEqual(first.ttft_mean_s, second.ttft_mean_s);
});

test('a sweep that was killed goes on where it stood', async () => {
  const points = join(folder, 'sweep.points');
  const rates = Array.from({ length: 60 }, (_, i) => 1 + i / 10).join();
  const sweep = ['sim', '--trace', writeTrace('long.jsonl', 4000), '--warmup', '50', '--policy',
    'dualmap,round_robin', '--qps', rates, '--jobs', '1', '--no-wall', '--json', '-'];
  const child = spawn(binary, [...sweep, '--resume', points], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const lines = () => (existsSync(points) ? readFileSync(points, 'utf8').split('\n').length - 1 : 0);
  while (lines() < 6) await nextTurn(); // A header and five points of 120.
  child.kill('SIGKILL');
  const [, signal] = await ended;
  assert.equal(signal, 'SIGKILL');
  writeFileSync(points, '{"digest":"0', { flag: 'a' }); // As if killed while writing.
  const resumed = await run([...sweep, '--resume', points]);
  assert.equal(resumed.code, 0, resumed.stderr);
  const taken = Number(/^ringmaster: (\d+) of 120 points taken from /.exec(resumed.stderr)?.[1]);
  assert.ok(taken >= 5 && taken < 120, resumed.stderr);
  assert.equal(resumed.stdout, (await run(sweep)).stdout);
  assert.equal(lines(), 121);
  const again = await run([...sweep, '--resume', points]);
  assert.match(again.stderr, /^ringmaster: 120 of 120 points/);
  assert.equal(again.stdout, resumed.stdout);
});

test('points of other inputs are not taken', async () => {
  const points = join(folder, 'inputs.points');
  const args = ['sim', ...small, '--qps', '2,3', '--resume', points];
  assert.equal((await run(args)).stderr, '');
  for (const change of [['--slo-ttft', '1s'], ['--signal-delay', '1s'], ['--model', 'batching'],
    ['--seed', '7'], ['--policy', 'round_robin'], ['--queue', 'fcfs'], ['--requests', '399']]) {
    assert.match((await run([...args, ...change])).stderr, /^ringmaster: 0 of 2 points taken/, change[0]);
  }
  const goodput = await run(['sim', 'goodput', ...small, '--resume', points]);
  assert.match(goodput.stderr, /^ringmaster: 0 of 1 points/);
  assert.match((await run([...args, '--jobs', '1', '--json', '-'])).stderr, /^ringmaster: 2 of 2 points/);
  const text = readFileSync(trace, 'utf8');
  writeFileSync(trace, text.replace('"output_length":10', '"output_length":11'));
  try {
    assert.match((await run(args)).stderr, /^ringmaster: 0 of 2 points/);
  } finally {
    writeFileSync(trace, text);
  }
});

test('points of a fleet are not taken once the file of a profile has changed', async () => {
  const points = join(folder, 'fleet.points');
  const profile = join(folder, 'own.json');
  const write = (tau) => writeFileSync(profile, JSON.stringify({
    name: 'own', prefill_seconds_per_token: tau, device_kv_tokens: 100_000, context_tokens_max: 32_768 }));
  const args = ['sim', '--trace', trace, '--warmup', '50', '--qps', '2', '--fleet', `2x${profile}`, '--resume', points];
  write(0.0001);
  assert.equal((await run(args)).code, 0);
  assert.match((await run(args)).stderr, /^ringmaster: 1 of 1 points taken/);
  write(0.0002);
  assert.match((await run(args)).stderr, /^ringmaster: 0 of 1 points taken/);
});

test('a file that is not of finished points is left alone', async () => {
  const before = readFileSync(trace, 'utf8');
  assert.match(await refusal('sim', ...small, '--qps', '1', '--resume', trace), /expected a file that --resume made/);
  assert.equal(readFileSync(trace, 'utf8'), before);
  const bad = join(folder, 'bad.points');
  writeFileSync(bad, '{"ringmaster":"finished points","version":1}\n{"digest":"12"}\n');
  assert.match(await refusal('sim', ...small, '--qps', '1', '--resume', bad), /bad\.points:2: expected an object/);
  assert.match(await refusal('sim', ...small, '--qps', '1', '--resume', '/no/folder/x'), /cannot open/);
  assert.match(await refusal('sim', ...small, '--qps', '1', '--resume', bad, '--report', 'x'), /--resume keeps results only/);
});

test('compare pairs two files of results by seed', async () => {
  const [a, b] = [join(folder, 'a.json'), join(folder, 'b.json')];
  const seeds = ['sim', '--trace', trace, '--warmup', '50', '--qps', '30', '--arrivals', 'poisson', '--seed', '1,2,3,4'];
  for (const [file, policy] of [[a, 'round_robin'], [b, 'dualmap']]) {
    const { code, stderr } = await run([...seeds, '--policy', policy, '--json', file]);
    assert.equal(code, 0, stderr);
  }
  const [group] = await runJson('sim', 'compare', a, b);
  assert.equal(group.seeds, 4);
  assert.deepEqual([group.first_policy, group.second_policy], ['round_robin', 'dualmap']);
  const cached = group.metrics.find(({ metric }) => metric === 'cached_token_share');
  assert.equal(cached.pairs, 4);
  assert.ok(cached.difference > cached.half_width);
  const { stdout } = await run(['sim', 'compare', a, b]);
  assert.match(stdout, /first round_robin, second dualmap, 4 seeds\n/);
  assert.match(stdout, /cached_token_share .* to /);
});

test('compare says what keeps results from pairing', async () => {
  const [a, b] = [join(folder, 'rate4.json'), join(folder, 'rate6.json')];
  await run(['sim', ...small, '--qps', '4', '--json', a]);
  await run(['sim', ...small, '--qps', '6', '--json', b]);
  assert.match(await refusal('sim', 'compare', a, b), /differ in qps \(4 and 6\)$/);
  assert.match(await refusal('sim', 'compare', a, trace), /talk\.jsonl: expected/);
  assert.match(await refusal('sim', 'compare', a, '/no/file'), /\/no\/file/);
});

test('ablate tells the goodput without each part', async () => {
  const parts = await runJson('sim', 'ablate', ...small, '--policy', 'dualmap');
  assert.ok(parts.length >= 2);
  for (const part of parts) {
    assert.equal(part.policy, 'dualmap');
    assert.ok(part.goodput_qps > 0);
    assert.ok(Math.abs(part.change - (part.goodput_qps_without / part.goodput_qps - 1)) < 1e-9);
  }
  const { stdout } = await run(['sim', 'ablate', ...small, '--policy', 'dualmap', '--markdown']);
  assert.equal(stdout.trimEnd().split('\n').length, 3 + parts.length);
  assert.match(await refusal('sim', 'ablate', ...small, '--policy', 'random'), /ringmaster, dualmap/);
});

test('plan finds the smallest fleet, and what one more or fewer changes', async () => {
  const flags = ['sim', 'plan', '--trace', trace, '--warmup', '50', '--slo-ttft', '1s',
    '--attainment', '0.95', '--policy', 'dualmap,round_robin', '--qps', '20'];
  const plans = await runJson(...flags);
  assert.deepEqual(plans.map(({ policy }) => policy), ['dualmap', 'round_robin']);
  for (const plan of plans) {
    assert.equal(plan.instances, plan.smallest.instances);
    assert.ok(plan.smallest.slo_attainment >= 0.95);
    if (plan.instances > 1) assert.ok(plan.one_fewer.slo_attainment < 0.95);
    assert.equal(plan.one_more.instances, plan.instances + 1);
    assert.equal(plan.limit, null);
  }
});

test('ablate has one row a part, whatever the number of seeds, and can be resumed', async () => {
  const points = join(folder, 'ablation.points');
  const flags = ['sim', 'ablate', ...small, '--policy', 'dualmap', '--seed', '1,2,3', '--jitter', '0.3', '--json', '-'];
  const first = await run([...flags, '--resume', points]);
  const parts = JSON.parse(first.stdout);
  assert.equal(new Set(parts.map(({ part }) => part)).size, parts.length);
  for (const part of parts) {
    assert.deepEqual(part.seeds, [1, 2, 3]);
    assert.ok(part.change_half_width >= 0);
  }
  const again = await run([...flags, '--resume', points]);
  const searches = 3 * (parts.length + 1);
  assert.match(again.stderr, new RegExp(`^ringmaster: ${searches} of ${searches} points taken from `));
  assert.equal(again.stdout, first.stdout);
});

test('the model with host memory says what was copied, and its points are kept', async () => {
  const points = join(folder, 'tiered.points');
  const flags = ['sim', ...small, '--qps', '2', '--policy', 'workflow', '--json', '-', '--resume', points, '--no-wall'];
  const first = await run([...flags, '--model', 'tiered']);
  const [point] = JSON.parse(first.stdout);
  for (const key of ['prefetch_orders', 'prefetch_orders_refused', 'prefetch_orders_used', 'host_tokens_ahead', 'host_tokens_awaited']) {
    assert.ok(point[key] >= 0, key);
  }
  const again = await run([...flags, '--model', 'tiered']);
  assert.match(again.stderr, /^ringmaster: 1 of 1 points taken from /);
  assert.equal(again.stdout, first.stdout);
  assert.ok(!('prefetch_orders' in JSON.parse((await run([...flags, '--model', 'engine'])).stdout)[0]));
});

test('plan takes the fleets that an earlier run has simulated', async () => {
  const points = join(folder, 'plan.points');
  const target = (slo) => ['sim', 'plan', '--trace', trace, '--warmup', '50', '--slo-ttft', slo, '--qps', '20', '--json', '-'];
  const flags = target('1s');
  const plain = await run(flags);
  const first = await run([...flags, '--resume', points]);
  const again = await run([...flags, '--resume', points]);
  assert.equal(first.stdout, plain.stdout);
  assert.equal(again.stdout, plain.stdout);
  const [, found, all] = /^ringmaster: (\d+) of (\d+) points taken from /.exec(again.stderr);
  assert.ok(Number(found) >= 2 && found === all, again.stderr);
  // Others of its fleets are simulated, and kept beside them.
  const other = await run([...target('900ms'), '--resume', points]);
  assert.match(other.stderr, /^ringmaster: 0 of \d+ points taken from /);
});

test('plan takes the rate of the trace itself', async () => {
  const [plan] = await runJson('sim', 'plan', '--trace', trace, '--warmup', '50');
  assert.equal(plan.qps, 4); // A request every 250 ms.
});

test('plan says which limit makes a target infeasible', async () => {
  const { code, stdout } = await run(
    ['sim', 'plan', '--trace', trace, '--warmup', '50', '--slo-ttft', '10ms']);
  assert.equal(code, 1);
  assert.match(stdout, /infeasible by the prompts: the prefill of \d+\.\d+ % of the requests alone/);
});

test('a table has a heading and a row per point', async () => {
  const { stdout, stderr } = await run(['sim', ...small, '--qps', '2,4']);
  assert.equal(stdout.trimEnd().split('\n').length, 3);
  assert.match(stdout, /^trace +policy +qps/);
  assert.equal(stderr, ''); // Progress is for terminals only.
});

test('goodput adds its two keys', async () => {
  const [found] = await runJson('sim', 'goodput', ...small, '--policy', 'dualmap');
  assert.deepEqual(Object.keys(found), [
    ...documentedKeys, 'goodput_qps', 'bound_qps', 'wall_s', 'requests_per_wall_s']);
  assert.ok(found.slo_attainment >= 0.9);
  assert.ok(found.ttft_p99_s <= 30);
  assert.equal(found.goodput_qps, found.qps);
});

test('a recording replays to the same actions, and a changed one does not', async () => {
  const recording = join(folder, 'events.txt');
  const recorded = await run(['sim', ...small, '--qps', '3', '--record', recording]);
  assert.equal(recorded.code, 0, recorded.stderr);
  const replayed = await run(['sim', 'replay', '--quiet', recording]);
  assert.equal(replayed.code, 0, replayed.stderr);
  assert.match(replayed.stdout, /^\d+ events, \d+ actions, digest [0-9a-f]{16}\n$/);
  const text = readFileSync(recording, 'utf8');
  writeFileSync(recording, text.replace('> dispatch id=7 ', '> dispatch id=8 '));
  const changed = await run(['sim', 'replay', '--quiet', recording]);
  assert.equal(changed.code, 1);
  assert.match(changed.stderr, /events\.txt:\d+: recorded "> dispatch id=8 /);
});

test('a malformed trace is one line with its place', async () => {
  const path = join(folder, 'bad.jsonl');
  writeFileSync(path, '{"timestamp": 0, "input_length": 5, "output_length": 1, "hash_ids": []}\n{"timest\n');
  const message = await refusal('sim', '--trace', path, '--qps', '1');
  assert.match(message, /^ringmaster: .*bad\.jsonl:2: expected one JSON object a line: [^\n]*$/);
});

test('parts beside a policy are composed by flags, and unknown ones are refused with the known', async () => {
  const [plain, composed] = [await runJson('sim', ...small, '--qps', '12', '--policy', 'min_ttft'),
    await runJson('sim', ...small, '--qps', '12', '--policy', 'min_ttft', '--filter', 'load_gap:gap_requests=4,utilization',
      '--veto', 'predicted_peak', '--admission', 'early_rejection:reject_above=0.5')].flat();
  assert.equal(plain.rejected, 0);
  assert.ok(composed.rejected > 0);
  const given = [...small, '--qps', '1'];
  assert.match(await refusal('sim', ...given, '--veto', 'peak'), /unknown veto 'peak'; known: predicted_peak/);
  assert.match(await refusal('sim', ...given, '--admission', 'early_rejection:reject_above=0'), /expected a number in \[0\.01, 1000\]/);
  assert.match(await refusal('sim', ...given, '--filter', 'load_gpa'), /did you mean 'load_gap'/);
});

test('what cannot be simulated is refused with what was expected', async () => {
  assert.match(await refusal('sim', '--qps', '1'), /--trace: expected FILE/);
  assert.match(await refusal('sim', '--trace', trace), /--qps: expected RATE/);
  assert.match(await refusal('sim', '--trace', '/no/trace', '--qps', '1'), /\/no\/trace/);
  assert.match(await refusal('sim', ...small, '--qps', '1', '--policy', 'best'), /dualmap.*round_robin/);
  assert.match(await refusal('sim', ...small, '--qps', '1', '--model', 'x'), /serial, batching/);
  assert.match(await refusal('sim', ...small, '--qps', '1', '--profile', 'x'), /ringmaster profile list/);
  assert.match(await refusal('sim', ...small, '--qps', '1', '--setting', 'x'), /realistic/);
  assert.match(await refusal('sim', ...small, '--qps', '1', '--slo-ttft', '5'), /5s/);
  assert.match(await refusal('sim', ...small, '--qps', '1', '--block-tokens', '100'), /divisor of 512/);
  assert.match(await refusal('sim', '--trace', trace, '--qps', '1', '--warmup', '400'), /fewer than the 400/);
  assert.match(await refusal('sim', ...small, '--qps', '0'), /\(0, 1e6\]/);
  assert.match(await refusal('sim', ...small, '--qps', '1', '--flag-of-nobody', '2'), /--flag-of-nobody/);
  assert.match(await refusal('sim', ...small, '--qps', '1', '--gateways', '0'), /gateways: expected 1 to 256/);
  assert.match(await refusal('sim', ...small, '--qps', '1,2', '--record', 'x'), /2 points/);
  assert.match(await refusal('sim', ...small, '--qps', '1', '--arrivals', 'x'), /trace, poisson/);
  assert.match(await refusal('sim', ...small, '--qps', '1', '--jitter', '-1'), /0 or a number/);
});

test('a result that cannot be written is one line and exit code 1, before anything is simulated', async () => {
  for (const flag of ['--json', '--report', '--record']) {
    const { code, stdout, stderr } = await run(['sim', ...small, '--qps', '1', flag, '/no/folder/x']);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^ringmaster: cannot write \/no\/folder\/x: [^\n]+\n$/);
  }
});

test('trace stats tells lengths and reuse', async () => {
  const [stats] = await runJson('trace', 'stats', trace);
  assert.equal(stats.requests, 400);
  assert.equal(stats.input_tokens_max, 16 * 512);
  assert.equal(stats.top_first_block_share, 1);
  assert.ok(stats.cacheable_token_share > 0.8);
  assert.ok(stats.half_reusing_request_share > 0.8);
  assert.ok(stats.reuse_distance_blocks_p50 > 1);
});

test('trace convert writes a window that reads back', async () => {
  const cut = join(folder, 'cut.jsonl');
  const { code, stderr } = await run(
    ['trace', 'convert', trace, '--skip', '100', '--requests', '50', '--qps', '5', '--renumber', '-o', cut]);
  assert.equal(code, 0, stderr);
  const [stats] = await runJson('trace', 'stats', cut);
  assert.equal(stats.requests, 50);
  assert.ok(Math.abs(stats.mean_qps - 5) < 1e-6);
  const first = JSON.parse(readFileSync(cut, 'utf8').split('\n')[0]);
  assert.equal(first.timestamp, 0);
  assert.equal(first.hash_ids[0], 0);
});

test('trace synthesize makes a trace that stats and sim read, the same for the same seed', async () => {
  const made = join(folder, 'made.jsonl');
  const flags = ['trace', 'synthesize', 'conversation:2,rag:1', '--requests', '600', '--qps', '3',
    '--arrivals', 'gamma', '--tenants', '4'];
  const { code, stderr } = await run([...flags, '-o', made]);
  assert.equal(code, 0, stderr);
  const again = await run(flags);
  assert.equal(again.stdout, readFileSync(made, 'utf8'));
  const other = await run([...flags, '--seed', '2']);
  assert.notEqual(other.stdout, again.stdout);
  const [stats] = await runJson('trace', 'stats', made);
  assert.equal(stats.requests, 600);
  const [point] = await runJson('sim', '--trace', made, '--setting', 'realistic', '--qps', '2');
  assert.equal(point.requests, 100);
});

test('trace synthesize says what it expected', async () => {
  assert.match(await refusal('trace', 'synthesize', 'chat'), /conversation, tool, rag.*found "chat"$/);
  assert.match(await refusal('trace', 'synthesize', 'rag', '--arrivals', 'x'), /poisson, gamma or diurnal/);
  assert.match(await refusal('trace', 'synthesize', 'rag', '--pause', '5'), /--pause: expected a duration/);
  assert.match(await refusal('trace', 'synthesize', 'rag', '--qps', '0'), /a rate in \(0/);
});

/** An OpenAI-compatible server that says one word. */
async function startBackend() {
  const answer = JSON.stringify({
    id: 'x', object: 'chat.completion', created: 0, model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'yes' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 },
  });
  const models = JSON.stringify({ object: 'list', data: [{ id: 'm', object: 'model' }] });
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(request.method === 'POST' ? answer : models);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

test('what a live gateway recorded can be replayed and simulated', async () => {
  const backends = [await startBackend(), await startBackend()];
  const config = join(folder, 'gateway.yaml');
  const [events, recorded] = [join(folder, 'live_events.txt'), join(folder, 'live.jsonl')];
  const instances = backends.map(
    (server, i) => `  - {id: i${i}, url: "http://127.0.0.1:${server.address().port}", adapter: openai, model: m}`);
  writeFileSync(config, ['listen: 127.0.0.1:0', 'admin: {listen: 127.0.0.1:0}', 'policy: {name: dualmap}',
    'instances:', ...instances, ''].join('\n'));
  const gateway = spawn(binary, ['serve', '-c', config, '--json', '--record', recorded, '--record-events', events],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(gateway, 'exit');
  try {
    const [line] = await once(createInterface({ input: gateway.stdout }), 'line');
    const url = JSON.parse(line).gateway;
    for (let turn = 0; turn < 12; turn++) {
      const content = 'tell me more about it. '.repeat(100 + 50 * turn);
      const reply = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] }),
      });
      assert.equal(reply.status, 200, await reply.text());
    }
  } finally {
    gateway.kill('SIGTERM');
    await ended;
    for (const server of backends) server.close();
  }
  const replayed = await run(['sim', 'replay', '--quiet', events]);
  assert.equal(replayed.code, 0, replayed.stderr);
  assert.match(replayed.stdout, /^\d+ events, \d\d+ actions, /);
  const [stats] = await runJson('trace', 'stats', recorded);
  assert.equal(stats.requests, 12);
  assert.ok(stats.cacheable_token_share > 0.3);
  const [point] = await runJson('sim', '--trace', recorded, '--warmup', '1', '--qps', '1');
  assert.equal(point.requests, 11);
});

test('trace requests writes prompts that repeat where the trace does', async () => {
  const { code, stdout, stderr } = await run(
    ['trace', 'requests', trace, '--model', 'm', '--qps', '4', '--requests', '30', '--prompt-tokens-max', '1000']);
  assert.equal(code, 0, stderr);
  const requests = stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.equal(requests.length, 30);
  assert.ok(Math.abs(requests[29].at_seconds - 7.5) < 0.3);
  const { prompt, ...rest } = requests[0].body;
  assert.deepEqual(rest,
    { model: 'm', max_tokens: 10, ignore_eos: true, stream: true, stream_options: { include_usage: true } });
  assert.equal(prompt.length, 1000);
  const turnAfter = requests[20].body.prompt; // The second turn of the first conversation.
  assert.deepEqual(turnAfter, prompt);
  assert.notDeepEqual(requests[1].body.prompt.slice(512, 528), prompt.slice(512, 528));
});

test('a profile written by one command is taken by the simulator and the engine', async () => {
  const shown = await run(['profile', 'show', 'qwen2.5-7b@h200-uncalibrated']);
  assert.equal(shown.code, 0, shown.stderr);
  const file = join(folder, 'profile.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(shown.stdout), name: 'mine', step_seconds: 0.002 }));
  const [point] = await runJson('sim', ...small, '--model', 'engine', '--profile', file, '--qps', '5');
  assert.equal(point.profile, 'mine-uncalibrated');
  assert.equal(point.model, 'engine');
  const engine = spawn(binary,
    ['engine', '--device', 'sim', '--sim-profile', file, '--listen', '127.0.0.1:0', '--json', '--end-with-parent'],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(engine, 'exit');
  try {
    const [line] = await once(createInterface({ input: engine.stdout }), 'line');
    const { data } = await (await fetch(`${JSON.parse(line).url}/v1/models`)).json();
    assert.equal(data[0].max_model_len, 32768);
  } finally {
    engine.kill('SIGTERM');
    await ended;
  }
});

test('a wrong profile is refused with its file and key, a wrong name with the known ones', async () => {
  const file = join(folder, 'wrong.json');
  writeFileSync(file, '{"name": "x", "prefill_seconds_per_token": 0}');
  assert.equal(await refusal('profile', 'show', file),
    `ringmaster: ${file}: prefill_seconds_per_token: expected a number from 1e-12 to 10`);
  assert.match(await refusal('sim', ...small, '--qps', '1', '--profile', 'h200'),
    /^ringmaster: profile: expected a file that ends in \.json or a name of `ringmaster profile list`, found "h200"$/);
});

test('sim explain shows a decision with its terms, the other policies and the outcome', async () => {
  const args = ['sim', 'explain', ...small, '--policy', 'dualmap', '--qps', '6', '--request', '200'];
  const shown = await run(args);
  assert.equal(shown.code, 0, shown.stderr);
  for (const part of [/^decision 1-\d+: request 200, attempt 1/, /dualmap chose instance-\d/, /score = held/, /round_robin/, /outcome: finished/])
    assert.match(shown.stdout, part);
  const { stdout } = await run([...args, '--json', '-']);
  const decision = JSON.parse(stdout);
  assert.equal(decision.request, 200);
  assert.equal(decision.explained, true);
  assert.ok(decision.candidates.every(({ terms }) => terms.uncached > 0));
  assert.ok(decision.others.every(({ instance }) => instance.startsWith('instance-')));
  assert.equal(decision.outcome.state, 'finished');
});

test('sim explain refuses a request that is not in the trace', async () => {
  const args = [...small, '--qps', '6', '--request', '401'];
  assert.equal(await refusal('sim', 'explain', ...args), 'ringmaster: --request: expected 1 to 400, found 401');
});

test('sim --shadow compares another policy on the same inputs and changes nothing', async () => {
  // Twenty conversations in turn over two instances would keep each on its own.
  const args = ['sim', '--trace', trace, '--warmup', '50', '--instances', '3', '--policy', 'round_robin', '--qps', '6', '--no-wall'];
  const [alone] = await runJson(...args);
  const [watched] = await runJson(...args, '--shadow', 'dualmap:variant=code');
  assert.equal(watched.shadow, 'dualmap:variant=code');
  assert.ok(watched.shadow_decisions >= 350);
  assert.ok(watched.shadow_differing_share > 0 && watched.shadow_differing_share < 1);
  for (const key of Object.keys(alone)) assert.deepEqual(watched[key], alone[key], key);
  assert.match(await refusal(...args, '--shadow', 'dualmop'), /shadow: unknown policy 'dualmop'/);
});
