// An engine dies with requests held in the gateway, in prefill, and streaming: nothing that had sent no byte is
// lost, what had begun ends in an error frame, and the homes of every other prefix stay where they were.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { getJson, startFleet, until, words } from './fleet.mjs';

let fleet;
// Simulated time: a prompt of 4,000 tokens keeps an engine for most of a second, whatever the machine.
before(async () => (fleet = await startFleet('--engines', '4', '--device', 'sim')));
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
