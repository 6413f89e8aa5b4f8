// An engine dies with requests held in the gateway, in prefill, and streaming: nothing that had sent no byte is
// lost, what had begun ends in an error frame, and the homes of every other prefix stay where they were.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { getJson, startFleet, until, words } from './fleet.mjs';

let fleet;
// Of dualmap a decision has exactly the homes as its candidates.
// Simulated time: a prompt of 4,000 tokens keeps an engine for most of a second, whatever the machine.
before(async () => (fleet = await startFleet('--engines', '4', '--device', 'sim', '--policy', 'dualmap')));
after(async () => assert.equal(await fleet.stop(), 0));

/** One stream to its end: how many events it had, and whether it ended whole, in an error frame, or cut. */
async function streamed(prompt, max_tokens) {
  const answer = await fetch(`${fleet.gateway}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: fleet.model, prompt, max_tokens, stream: true, ignore_eos: true }),
  });
  if (answer.status !== 200) return { status: answer.status, end: 'refused', body: await answer.text() };
  let text = '';
  try {
    const decoder = new TextDecoder();
    for await (const bytes of answer.body) text += decoder.decode(bytes, { stream: true });
  } catch (error) {
    return { status: 200, end: 'cut', events: 0, body: `${text.slice(-300)} ${error}` };
  }
  const events = text.split('\n\n').filter((event) => event.startsWith('data: '));
  const last = events.at(-1) ?? '';
  const end = last === 'data: [DONE]' ? 'whole' : last.startsWith('data: {"error"') ? 'error frame' : 'cut';
  return { status: 200, end, events: events.length, body: last };
}

const instances = async () => (await getJson(`${fleet.admin}/admin/instances`)).instances;
/** The two homes of each of some prefixes, as the decisions about them name them. */
async function homesOf(prompts) {
  const homes = new Map();
  for (const [seed, prompt] of prompts) {
    const answer = await fetch(`${fleet.gateway}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: fleet.model, prompt, max_tokens: 1 }),
    });
    assert.equal(answer.status, 200);
    await answer.text();
    const id = answer.headers.get('x-ringmaster-decision');
    const decision = await getJson(`${fleet.admin}/admin/decisions/${id}`);
    homes.set(seed, decision.candidates.map(({ instance }) => instance).sort());
  }
  return homes;
}

test('a killed engine loses nothing that had sent no byte', async (context) => {
  const prefixes = Array.from({ length: 24 }, (_, i) => [i, words(1000 + i, 60)]);
  const homesBefore = await homesOf(prefixes);

  // Short prompts that answer for seconds, then long ones that fill the queues.
  const streaming = Array.from({ length: 8 }, (_, i) => streamed(words(i, 20), 800));
  await until('all short ones stream', async () =>
    (await instances()).reduce((sum, { decoding_requests }) => sum + decoding_requests, 0) === 8);
  const waiting = Array.from({ length: 24 }, (_, i) => streamed(words(100 + i, 1200), 4));
  const victim = await until('an engine has requests in every phase', async () =>
    (await instances()).find((instance) =>
      instance.held_requests > 0 && instance.prefilling_requests > 0 && instance.decoding_requests > 0));
  const { pid } = fleet.engines.find(({ id }) => id === victim.id);
  process.kill(pid, 'SIGKILL');

  const started = await Promise.all(streaming);
  const rest = await Promise.all(waiting);
  const count = (results, end) => results.filter((result) => result.end === end).length;
  context.diagnostic(
    `killed ${victim.id} with held ${victim.held_requests}, prefilling ${victim.prefilling_requests}, ` +
      `streaming ${victim.decoding_requests}; whole ${count(started, 'whole')} + ${count(rest, 'whole')}, ` +
      `error frames ${count(started, 'error frame')} + ${count(rest, 'error frame')}`);
  for (const result of [...started, ...rest]) {
    // An error frame follows at least one event of the answer; nothing ends silently or is refused.
    assert.ok(result.end === 'whole' || (result.end === 'error frame' && result.events > 1), JSON.stringify(result));
  }
  assert.ok(count(started, 'error frame') >= 1);

  await until('the gateway has noticed', async () =>
    (await instances()).some(({ id, health }) => id === victim.id && health !== 'healthy'));
  const homesAfter = await homesOf(prefixes);
  let others = 0;
  for (const [seed, homes] of homesBefore) {
    if (homes.includes(victim.id)) {
      assert.ok(!homesAfter.get(seed).includes(victim.id));
    } else {
      assert.deepEqual(homesAfter.get(seed), homes);
      ++others;
    }
  }
  assert.ok(others > 0);
});
