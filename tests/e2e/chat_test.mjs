// The official client against a fleet: what an application sees.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { getJson, startFleet, until } from './fleet.mjs';

let fleet;
before(async () => (fleet = await startFleet('--engines', '2')));
after(async () => assert.equal(await fleet.stop(), 0));

const messages = [
  { role: 'system', content: 'You answer in one word.' },
  { role: 'user', content: 'Which animal barks?' },
];

const running = async () => {
  const loads = await Promise.all(fleet.engines.map(({ url }) => getJson(`${url}/load`)));
  return loads.reduce((sum, load) => sum + load.running + load.waiting, 0);
};

test('a chat answer has text, a finish reason and usage', async () => {
  const { data, response } = await fleet.client.chat.completions
    .create({ model: fleet.model, messages, max_tokens: 8, temperature: 0 })
    .withResponse();
  assert.equal(data.object, 'chat.completion');
  assert.equal(data.choices.length, 1);
  assert.equal(data.choices[0].message.role, 'assistant');
  assert.ok(['stop', 'length'].includes(data.choices[0].finish_reason));
  assert.ok(data.usage.prompt_tokens > 0);
  assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
  assert.equal(typeof data.usage.prompt_tokens_details.cached_tokens, 'number');
  assert.ok(response.headers.get('x-request-id'));
});

test('the same prompt is answered from the prefix cache, with the same text', async () => {
  const request = {
    model: fleet.model,
    messages: [{ role: 'user', content: 'One two three four five six seven eight. '.repeat(12) }],
    max_tokens: 8,
    temperature: 0,
  };
  const first = await fleet.client.chat.completions.create(request);
  const second = await fleet.client.chat.completions.create(request);
  assert.ok(second.usage.prompt_tokens_details.cached_tokens > 0);
  assert.equal(second.choices[0].message.content, first.choices[0].message.content);
});

test('a streamed chat gives the text of the one that is not streamed', async () => {
  const request = { model: fleet.model, messages, max_tokens: 12, temperature: 0 };
  const whole = await fleet.client.chat.completions.create(request);
  let text = '';
  let finish = null;
  for await (const chunk of await fleet.client.chat.completions.create({ ...request, stream: true })) {
    assert.equal(chunk.object, 'chat.completion.chunk');
    assert.ok(!chunk.usage);
    text += chunk.choices[0]?.delta.content ?? '';
    finish = chunk.choices[0]?.finish_reason ?? finish;
  }
  assert.equal(text, whole.choices[0].message.content);
  assert.equal(finish, whole.choices[0].finish_reason);
});

test('include_usage adds one chunk with usage and no choices at the end', async () => {
  const chunks = [];
  const stream = await fleet.client.chat.completions.create({
    model: fleet.model,
    messages,
    max_tokens: 5,
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const chunk of stream) chunks.push(chunk);
  const last = chunks.at(-1);
  assert.deepEqual(last.choices, []);
  assert.ok(last.usage.completion_tokens > 0);
  assert.ok(chunks.slice(0, -1).every((chunk) => !chunk.usage));
});

test('the stream helper of the client accepts the stream', async () => {
  const stream = fleet.client.chat.completions.stream({ model: fleet.model, messages, max_tokens: 5 });
  const completion = await stream.finalChatCompletion();
  assert.equal(completion.choices.length, 1);
});

test('completions work, streamed and not', async () => {
  const request = { model: fleet.model, prompt: 'Once upon a time', max_tokens: 9, temperature: 0 };
  const whole = await fleet.client.completions.create(request);
  assert.equal(whole.object, 'text_completion');
  let text = '';
  for await (const chunk of await fleet.client.completions.create({ ...request, stream: true })) {
    text += chunk.choices[0]?.text ?? '';
  }
  assert.equal(text, whole.choices[0].text);
});

test('an unknown model is a 404 in the form of the API', async () => {
  await assert.rejects(
    fleet.client.chat.completions.create({ model: 'no-such-model', messages }),
    (error) => error.status === 404 && /no-such-model/.test(error.message) && error.type !== undefined,
  );
});

test('broken JSON is a 400 that says so', async () => {
  const answer = await fetch(`${fleet.gateway}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"model": ',
  });
  assert.equal(answer.status, 400);
  const { error } = await answer.json();
  assert.match(error.message, /JSON/i);
  assert.ok('type' in error && 'param' in error && 'code' in error);
});

test('a prompt longer than the model is a 400 of the engine, relayed', async () => {
  await assert.rejects(
    fleet.client.completions.create({ model: fleet.model, prompt: 'word '.repeat(40_000) }),
    (error) => error.status === 400,
  );
});

test('a client that leaves in mid-stream ends the work in the engine', async () => {
  const stream = await fleet.client.completions.create({
    model: fleet.model,
    prompt: 'Tell me everything',
    max_tokens: 1000,
    stream: true,
    ignore_eos: true,
  });
  for await (const chunk of stream) {
    assert.ok(chunk);
    break; // leaves the loop and closes the connection
  }
  await until('no engine runs a request', async () => (await running()) === 0);
});

test('200 streams at once all end whole', async () => {
  const one = async (index) => {
    const stream = await fleet.client.chat.completions.create({
      model: fleet.model,
      messages: [{ role: 'user', content: `Question ${index % 10}: what now?` }],
      max_tokens: 6,
      stream: true,
      stream_options: { include_usage: true },
      temperature: 1,
      seed: index,
    });
    let finish = null;
    let usage = null;
    for await (const chunk of stream) {
      finish = chunk.choices[0]?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
    }
    return { finish, tokens: usage?.completion_tokens };
  };
  const ends = await Promise.all(Array.from({ length: 200 }, (_, index) => one(index)));
  for (const { finish, tokens } of ends) {
    assert.ok(finish === 'stop' || finish === 'length');
    assert.ok(tokens >= 1 && tokens <= 6);
  }
  await until('no engine runs a request', async () => (await running()) === 0);
});
