// The page of the admin listener: the instances, what waits for them, and where the last requests went
// and why. It asks /admin/instances, /admin/decisions and /admin/shadow anew every two seconds while it
// is looked at. One decision in full: fleet_decision.js.

const kIntervalMs = 2000;
const kTimeoutMs = 10_000;
const kHistoryMax = 150; // Five minutes.
const kDecisions = 200;
const kDecisionsShown = 30;
const kInColour = 6;
const kLinesMax = 32;
const kRowsMax = 256;

const fleet = {
  instances: [],
  decisions: [],
  shadows: [],
  decision: null, // What askDecision() said of the one that the address names.
  history: [], // {time (ms), pending: Map of id to tokens, attempts}, the oldest first.
  failure: null,
  isPaused: false,
};

async function ask(path) {
  const answer = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(kTimeoutMs) });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer.json();
}

async function refresh() {
  try {
    const name = decisionAsked();
    const [{ instances }, { decisions }, { shadows }, decision] = await Promise.all([
      ask('/admin/instances'), ask(`/admin/decisions?limit=${kDecisions}`), ask('/admin/shadow'), name ? askDecision(name) : null]);
    Object.assign(fleet, { instances, decisions, shadows, decision, failure: null });
    fleet.history.push({
      time: Date.now(),
      pending: new Map(instances.map((one) => [one.id, pendingOf(one)])),
      attempts: sumOf(instances, (one) => one.attempts),
    });
    if (fleet.history.length > kHistoryMax) fleet.history.shift();
  } catch (error) {
    fleet.failure = `The gateway does not answer (${error.message}); what is shown is old.`;
  }
  show();
}

function sumOf(list, value) {
  return list.reduce((sum, one) => sum + value(one), 0);
}

/** Uncached prompt tokens that wait for the instance, in the gateway or at the instance. */
function pendingOf(instance) {
  return instance.held_tokens + instance.sent_tokens;
}

/** Attempts per second over the last ten seconds or so; nothing before there are two samples. */
function attemptsPerSecond() {
  const last = fleet.history.at(-1);
  const before = fleet.history.at(-6) ?? fleet.history[0];
  if (!last || last === before || last.attempts < before.attempts) return null;
  return ((last.attempts - before.attempts) * 1000) / (last.time - before.time);
}

function stateOf(instance) {
  const text = instance.draining ? `${instance.health}, draining` : instance.health;
  const kind = instance.health === 'dead' ? 'bad' : instance.health === 'healthy' && !instance.draining ? 'good' : '';
  return el('span', { class: `state ${kind}` }, text);
}

function figuresOf(instances) {
  const figure = (value, text) => el('div', { class: 'figure' }, el('b', {}, value), el('span', {}, text));
  const healthy = instances.filter((one) => one.health === 'healthy').length;
  const expected = sumOf(instances, (one) => one.expected_cached_tokens);
  const actual = sumOf(instances, (one) => one.actual_cached_tokens);
  return el('div', { class: 'figures' },
    figure(`${healthy} of ${instances.length}`, 'instances healthy'),
    figure(number(attemptsPerSecond()), 'attempts per second, the last ten seconds'),
    figure(count(sumOf(instances, (one) => one.held_requests)), 'requests held in the gateway'),
    figure(count(sumOf(instances, (one) => one.prefilling_requests + one.decoding_requests)), 'requests at instances'),
    figure(actual > 0 && expected > 0 ? percent(actual / expected, 0) : kNone, 'of the cached tokens that were expected were found, where instances say so'));
}

function instancesCard(instances) {
  const attempts = sumOf(instances, (one) => one.attempts);
  const columns = [['Instance', (one) => [one.id, el('div', { class: 'soft' }, one.url)]], ['State', stateOf], ['Model', (one) => one.model],
    ['Held', (one) => count(one.held_requests), 'number'], ['Prefill', (one) => count(one.prefilling_requests), 'number'],
    ['Decode', (one) => count(one.decoding_requests), 'number'], ['Pending', (one) => count(pendingOf(one)), 'number'],
    ['Attempts', (one) => (attempts > 0 ? percent(one.attempts / attempts) : kNone), 'number'],
    ['Failures', (one) => count(one.failures), 'number'], ['KV', (one) => percent(one.report.kv_usage, 0), 'number'],
    ['Cached', (one) => count(one.actual_cached_tokens), 'number']];
  const left = instances.length - kRowsMax;
  return el('section', { class: 'card wide' }, el('h3', {}, 'Instances'),
    el('p', {}, 'Pending: uncached prompt tokens that wait for the instance, in the gateway or there. Attempts: share of all. Cached: prompt tokens that answers stated.'),
    table(columns, instances.slice(0, kRowsMax), { caption: 'Instances' }),
    left > 0 ? el('p', {}, `${plural(left, 'more instance')} in `, el('a', { href: '/admin/instances' }, '/admin/instances'), '.') : null);
}

function pendingCard(instances) {
  const start = fleet.history[0]?.time ?? 0;
  const at = (sample) => (sample.time - fleet.history.at(-1).time) / 1000;
  const busiest = [...instances].sort((a, b) => pendingOf(b) - pendingOf(a));
  const drawn = new Set(busiest.slice(0, kLinesMax));
  const inColour = new Set(busiest.slice(0, kInColour));
  // Colours go by place in the fleet, so that an instance keeps its own.
  const series = instances.map((one, place) => ({ one, place })).filter(({ one }) => drawn.has(one)).map(({ one, place }) => {
    const samples = fleet.history.filter((sample) => sample.pending.has(one.id));
    return { name: one.id, style: styleOf(place, inColour.has(one)), points: samples.map((sample) => [at(sample), sample.pending.get(one.id)]),
      lines: (k) => [one.id, `${count(samples[k].pending.get(one.id))} tokens pending`, `${clock(-at(samples[k]))} ago`] };
  });
  const span = Math.max(60, ((fleet.history.at(-1)?.time ?? 0) - start) / 1000);
  const chart = lineChart({
    label: 'Pending tokens by instance',
    series, height: 260,
    x: { title: 'minutes ago', range: { from: -span, to: 0 }, format: (value) => clock(-value) },
    y: { title: 'tokens pending', range: niceRange(series.flatMap((one) => one.points.map(([, y]) => y)), { atLeast: [0, 1000] }), format: count },
  });
  const which = instances.length > kLinesMax ? ` The ${kLinesMax} with most pending.` : '';
  return card('Load over time', `Since this page was opened, five minutes at most.${which}`, chart, null);
}

/** How often each reason led where, over the decisions that are kept. */
function reasonsCard(decisions) {
  const counts = new Map();
  for (const { reason } of decisions) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const rows = [...counts].sort((a, b) => b[1] - a[1]);
  if (rows.length === 0) return card('Why requests went where they went', 'No request has been routed yet.', null, null);
  const chart = barChart({
    label: 'Reasons', title: 'decisions', format: count,
    rows: rows.map(([name, value], i) => ({ name, value, style: styleOf(0, i === 0), text: `${count(value)} (${percent(value / decisions.length, 0)})`, lines: [name, plural(value, 'decision')] })),
  });
  return card('Why requests went where they went', `Of the last ${plural(decisions.length, 'decision')}.`, chart, null);
}

function decisionsCard(decisions) {
  const newest = decisions[0]?.seconds ?? 0;
  const chosen = (one) => one.candidates.find((candidate) => candidate.instance === one.chosen);
  const columns = [['Decision', (one) => el('a', { 'data-focus': one.id, href: `#${one.id}` }, one.id)],
    ['Before the newest', (one) => timing(newest - one.seconds), 'number'], ['Model', (one) => one.model], ['Went to', (one) => one.chosen], ['Why', (one) => one.reason],
    ['Prompt', (one) => count(one.prompt_tokens), 'number'], ['Cached', (one) => percent(one.prompt_tokens > 0 && chosen(one) ? chosen(one).cached_tokens / one.prompt_tokens : null, 0), 'number'],
    ['Expected TTFT', (one) => timing(chosen(one)?.estimated_ttft_seconds), 'number'], ['', (one) => [one.held ? 'held' : null, one.attempt > 1 ? `attempt ${one.attempt}` : null].filter(Boolean).join(', ')]];
  return el('section', { class: 'card wide' }, el('h3', {}, 'Last decisions'),
    el('p', {}, 'Cached and expected TTFT are what the gateway believed when it chose. A decision’s name shows all that it was based on.'),
    table(columns, decisions.slice(0, kDecisionsShown), { caption: 'Last decisions' }));
}

/** What the shadow policies would have done; nothing where there is none. */
function shadowCard(shadows) {
  if (shadows.length === 0) return null;
  const columns = [['Model', (one) => one.model], ['Acting', (one) => one.policy], ['Shadow', (one) => one.failed ? `${one.shadow} (failed)` : one.shadow],
    ['Decisions', (one) => count(one.decisions), 'number'], ['Differing', (one) => percent(one.differing_share), 'number'],
    ['Cached, acting', (one) => count(one.mean_expected_cached_tokens.acting), 'number'], ['Cached, shadow', (one) => count(one.mean_expected_cached_tokens.shadow), 'number'],
    ['TTFT, acting', (one) => timing(one.mean_expected_ttft_seconds.acting), 'number'], ['TTFT, shadow', (one) => timing(one.mean_expected_ttft_seconds.shadow), 'number']];
  return el('section', { class: 'card wide' }, el('h3', {}, 'Shadow policy'),
    el('p', {}, 'It decides on the same inputs and acts on nothing. Means of what each of the two expected where it would have sent a request: cached prompt tokens, and time to the first token.'),
    table(columns, shadows, { caption: 'Shadow policy' }));
}

const pause = el('button', { type: 'button', 'aria-pressed': 'false', onclick: () => {
  fleet.isPaused = !fleet.isPaused;
  pause.setAttribute('aria-pressed', String(fleet.isPaused));
  pause.textContent = fleet.isPaused ? 'Go on' : 'Pause';
} }, 'Pause');
const said = el('p', { class: 'lead' });
const body = el('div', {});

function show() {
  const { instances, decisions, shadows, decision, failure } = fleet;
  const last = fleet.history.at(-1);
  // Somebody who goes through a chart by keyboard is not interrupted.
  const isRead = body.contains(document.activeElement) && document.activeElement.matches('.chart');
  if (failure) said.textContent = failure;
  else if (isRead) said.textContent = 'Not renewed while a chart has the focus.';
  else said.textContent = `As of ${new Date(last.time).toLocaleTimeString('en-GB')}, every ${kIntervalMs / 1000} seconds.`;
  if (!last || isRead) return;
  hideTip();
  replaceKept(body, figuresOf(instances), el('div', { class: 'grid' }, decisionCard(decision),
    instancesCard(instances), pendingCard(instances), reasonsCard(decisions), shadowCard(shadows), decisionsCard(decisions)));
}

document.getElementById('page').append(
  el('header', {}, el('div', { class: 'top' }, el('span', { class: 'small soft' }, 'Ringmaster · admin'), el('span', { class: 'controls' }, pause, themeSwitch())),
    el('h1', {}, 'The fleet'), said), body);

async function follow() {
  if (!fleet.isPaused && !document.hidden) await refresh();
  setTimeout(follow, kIntervalMs);
}
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !fleet.isPaused) refresh();
});
window.addEventListener('hashchange', async () => {
  await refresh();
  const shown = document.getElementById('decision');
  shown?.scrollIntoView({ block: 'start' });
  shown?.focus({ preventScroll: true });
});
follow();
