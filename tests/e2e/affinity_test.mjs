// Conversations through four engines: the engines themselves report how much of each prompt they had cached.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFleet, words } from './fleet.mjs';

const conversations = 8;
const turns = 4;

async function cachedShare(policy) {
  const fleet = await startFleet('--engines', '4', '--policy', policy);
  let prompt = 0;
  let cached = 0;
  const talk = async (seed) => {
    const messages = [{ role: 'system', content: words(seed, 40) }];
    for (let turn = 0; turn < turns; ++turn) {
      messages.push({ role: 'user', content: words(seed * 100 + turn, 12) });
      const answer = await fleet.client.chat.completions.create({
        model: fleet.model,
        messages,
        max_tokens: 8,
        temperature: 0,
      });
      prompt += answer.usage.prompt_tokens;
      cached += answer.usage.prompt_tokens_details.cached_tokens;
      messages.push({ role: 'assistant', content: answer.choices[0].message.content });
    }
  };
  // Turns of different conversations interleave, so that taking turns cannot keep one on its engine by chance.
  await Promise.all(Array.from({ length: conversations }, (_, seed) => talk(seed + 1)));
  assert.equal(await fleet.stop(), 0);
  return cached / prompt;
}

test('dualmap finds more of the prompts cached than round_robin', async (context) => {
  const dualmap = await cachedShare('dualmap');
  const roundRobin = await cachedShare('round_robin');
  context.diagnostic(`cached share: dualmap ${dualmap.toFixed(3)}, round_robin ${roundRobin.toFixed(3)}`);
  assert.ok(dualmap > roundRobin);
});
