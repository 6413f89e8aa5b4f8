// What an operator asks of a running fleet: why did this request go there, and what would another policy do?

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { getJson, startFleet, until, words } from './fleet.mjs';

let fleet;
before(async () => {
  fleet = await startFleet('--engines', '2', '--policy', 'round_robin', '--shadow', 'min_ttft');
});
after(async () => assert.equal(await fleet.stop(), 0));

const ask = (seed) =>
  fleet.client.chat.completions
    .create({
      model: fleet.model,
      messages: [{ role: 'user', content: words(seed, 60) }],
      max_tokens: 4,
      temperature: 0,
    })
    .withResponse();

test('the decision named in an answer is explained with signals, terms, other policies and the outcome', async () => {
  const { response } = await ask(1);
  const id = response.headers.get('x-ringmaster-decision');
  const decision = await until('the decision has its outcome', async () => {
    const shown = await getJson(`${fleet.admin}/admin/decisions/${id}`);
    return shown.outcome.state === 'finished' && shown;
  });
  assert.equal(decision.id, id);
  assert.equal(decision.policy, 'round_robin');
  assert.equal(decision.sentence, 'Its turn.');
  assert.equal(decision.chosen, response.headers.get('x-ringmaster-instance'));
  for (const { bookings, residency, report } of decision.candidates) {
    assert.equal(bookings.age_seconds, 0);
    assert.equal(residency.source, 'events');
    assert.ok(report.age_seconds === null || report.age_seconds >= 0);
  }
  const shadow = decision.others.find((other) => other.shadow);
  assert.equal(shadow.policy, 'min_ttft');
  assert.deepEqual(
    decision.candidates.map(({ score }) => score),
    decision.candidates.map(({ score }) => score).sort((a, b) => a - b),
  );
  const leastLoaded = decision.others.find((other) => other.policy === 'least_loaded');
  assert.equal(typeof leastLoaded.instance, 'string');
  assert.ok(decision.afterwards.some(({ what }) => what === 'dispatched'));
  assert.equal(typeof decision.outcome.reported_cached_tokens, 'number');
});

test('an unknown decision is 404 and a malformed name 400, both in the form of OpenAI errors', async () => {
  for (const [id, status] of [
    ['1-999999', 404],
    ['what', 400],
  ]) {
    const answer = await fetch(`${fleet.admin}/admin/decisions/${id}`);
    assert.equal(answer.status, status);
    assert.equal(typeof (await answer.json()).error.message, 'string');
  }
});

test('a shadow policy shows in metrics how often it differs', async () => {
  await ask(2);
  await ask(2);
  const { shadows } = await getJson(`${fleet.admin}/admin/shadow`);
  assert.equal(shadows.length, 1);
  assert.equal(shadows[0].policy, 'round_robin');
  assert.equal(shadows[0].shadow, 'min_ttft');
  assert.ok(shadows[0].decisions >= 2);
  const metrics = await (await fetch(`${fleet.gateway}/metrics`)).text();
  assert.match(metrics, /^ringmaster_shadow_differing_total\{model="\w+",shadow="min_ttft"\} \d+$/m);
});
