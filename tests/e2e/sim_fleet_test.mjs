// `ringmaster sim` with fleets that change, differ, serve classes of requests or sit behind several
// gateways: what a command line and its files may say, and what they may not.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from './fleet.mjs';

const folder = mkdtempSync(join(tmpdir(), 'ringmaster-sim-fleet-'));
after(() => rmSync(folder, { recursive: true }));

function write(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** 600 prompts of ten blocks, one every 250 ms; the first block is everybody's. */
const trace = write('many.jsonl', Array.from({ length: 600 }, (_, i) => JSON.stringify({
  timestamp: 250 * i,
  input_length: 5120,
  output_length: 20,
  hash_ids: [0, ...Array.from({ length: 9 }, (_, k) => 1 + (i % 50) * 10 + k)],
})).join('\n') + '\n');
const basis = ['sim', '--trace', trace, '--warmup', '50', '--warmup-qps', '0', '--qps', '4', '--no-wall'];

async function point(...args) {
  const { code, stdout, stderr } = await run([...basis, ...args, '--json', '-']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout)[0];
}

async function refusal(...args) {
  const { code, stdout, stderr } = await run([...basis, ...args]);
  assert.equal(code, 2, `${stdout}${stderr}`);
  return stderr.trimEnd();
}

const trouble = write('trouble.yaml', `
events:
  - {at: 10s, what: join, count: 2, length: 5s}
  - {at: 20s, what: leave, instance: 0}
  - {at: 30s, what: crash, instance: 1, length: 10s}
  - {at: 50s, what: stall, instance: 2, length: 5s}
  - {at: 60s, what: slow, instance: 3, factor: 3, length: 20s}
random:
  - {what: crash, every: 30s, length: 10s}
`);

test('a fleet in trouble answers, and the same bytes again', async () => {
  const args = ['--instances', '4', '--model', 'batching', '--events', trouble, '--gateways', '2'];
  const first = await point(...args);
  assert.deepEqual(await point(...args), first);
  assert.ok(first.retried > 0);
  assert.equal(first.instances_most, 6);
  assert.equal(first.gateways, 2);
});

test('events with mistakes are refused with every place', async () => {
  const path = write('wrong.yaml', `
events:
  - {at: 10s, what: explode}
  - {at: 10s, what: stall, instance: 1}
  - {at: soon, what: crash}
  - {what: join, instance: 2}
  - {what: crash, profile: qwen2.5-7b@910b4}
random:
  - {what: leave, every: 10s}
  - {what: crash}
`);
  const message = await refusal('--events', path);
  for (const place of [/:3:\d+: events\[0\]\.what: .*slow/, /:4:.*length: must be given/,
    /:5:.*at: /, /:6:.*instance: is not given/, /:7:.*profile: is of joins only/,
    /:9:.*what: /, /:10:.*every: must be given/]) {
    assert.match(message, place);
  }
  assert.match(await refusal('--events', '/no/file'), /\/no\/file/);
  const nobody = write('nobody.yaml', 'events: [{at: 1s, what: crash, instance: 99}]\n');
  assert.match(await refusal('--instances', '4', '--events', nobody),
    /nobody\.yaml: expected an instance from 0 to 3, found 99/);
});

test('unlike instances take the place of equal ones', async () => {
  const found = await point('--fleet', '2xqwen2.5-7b@910b4,1xqwen2.5-7b@910b4:tau=0.001,cache=5120');
  assert.equal(found.instances, 3);
  assert.equal(found.profile, '2xqwen2.5-7b@910b4,1xqwen2.5-7b@910b4:tau=0.001,cache=5120');
  const refused = (fleet) => refusal('--fleet', fleet);
  assert.match(await refused('qwen2.5-7b@910b4'), /--fleet: expected COUNTxPROFILE/);
  assert.match(await refused('0xqwen2.5-7b@910b4'), /COUNTxPROFILE/);
  assert.match(await refused('5000xqwen2.5-7b@910b4'), /at most 4096/);
  assert.match(await refused('2xbest'), /--fleet: profile: expected .*found "best"$/);
  assert.match(await refused('2xqwen2.5-7b@910b4:tau=0'), /tau: expected a number from/);
  assert.match(await refused('2xqwen2.5-7b@910b4:speed=2'), /option: expected one of tau, cache, capacity, found "speed"/);
});

test('classes are judged by their own targets', async () => {
  const found = await point('--instances', '2', '--model', 'batching',
    '--class', 'chat:share=0.5,ttft=10s,tpot=1s,priority=1', '--class', 'never:share=0.5,ttft=1us');
  assert.deepEqual(found.classes.map(({ name }) => name), ['chat', 'never']);
  assert.equal(found.classes[0].requests + found.classes[1].requests, 550);
  assert.equal(found.classes[1].slo_attainment, 0);
  const refused = (...classes) => refusal(...classes.flatMap((one) => ['--class', one]));
  assert.match(await refused('a:share=0.5'), /sum to 1, found 0\.5/);
  assert.match(await refused('a:share=0.5', 'a:share=0.5'), /class a: given twice/);
  assert.match(await refused('a:share=1,ttft=5'), /ttft: expected a duration/);
  assert.match(await refused('a:share=1,slo=5s'), /option: expected one of share, ttft, tpot, priority, found "slo"/);
});

test('a target for the time per token lowers attainment, never raises it', async () => {
  const args = ['--instances', '2', '--model', 'batching'];
  const without = await point(...args);
  const strict = await point(...args, '--slo-tpot', '1us');
  assert.equal(strict.slo_attainment, 0);
  assert.equal(strict.ttft_p90_s, without.ttft_p90_s);
});

test('an autoscaler grows a fleet that is too small', async () => {
  const tooSmall = ['--instances', '2', '--slo-ttft', '2s', '--policy', 'dualmap'];
  const fixed = await point(...tooSmall);
  const scaled = await point(...tooSmall, '--autoscale',
    'pending:min=2,max=6,up=1,down=0.1,interval=2s,cooldown=4s,start_up=2s');
  assert.ok(scaled.instances_most > 2 && scaled.instances_most <= 6);
  assert.ok(scaled.slo_attainment > fixed.slo_attainment);
  const refused = (text) => refusal('--autoscale', text);
  assert.match(await refused('luck'), /pending, freeness, found "luck"/);
  assert.match(await refused('pending:min=9,max=3'), /found min 9 and max 3/);
  assert.match(await refused('pending:up=1,down=2'), /expected down below up/);
  assert.match(await refused('pending:often=1s'), /cooldown, start_up, found "often"/);
});

test('copies multiply requests and warm-up', async () => {
  const { code, stdout, stderr } = await run(['sim', '--trace', trace, '--requests', '550',
    '--setting', 'realistic', '--qps', '16', '--instances', '16', '--copies', '4', '--json', '-']);
  assert.equal(code, 0, stderr);
  const [four] = JSON.parse(stdout);
  assert.equal(four.requests, 4 * (550 - 500));
  assert.equal(four.trace, 'many.jsonl x4');
  assert.match(await refusal('--copies', '0'), /copies: expected 1 to 1024, found 0/);
});

test('reports of several gateways can be slower or faster', async () => {
  const at = (interval) => point('--instances', '4', '--gateways', '4', '--policy',
    'least_loaded', '--report-interval', interval);
  assert.notDeepEqual(await at('10ms'), await at('10s'));
  assert.match(await refusal('--report-interval', 'often'), /--report-interval: expected a duration/);
});
