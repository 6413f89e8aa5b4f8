// One decision on the page of the admin listener: what was weighed, what the other policies would have
// done, what came of the request. The address names it (#1-440), so that a link leads there.

/** The decision that the address names, or null. */
function decisionAsked() {
  const name = location.hash.slice(1);
  return /^\d+-\d+$/.test(name) ? name : null;
}

/** Never throws: a decision that is not kept any more is no fault of the page. */
async function askDecision(name) {
  try {
    return { name, decision: await ask(`/admin/decisions/${name}`) };
  } catch {
    return { name, decision: null };
  }
}

function requestTerms(decision) {
  const { asked, outcome } = decision;
  const prompt = [`${count(decision.prompt_tokens)} tokens`,
    asked ? `${plural(asked.blocks, 'block')} of ${asked.block_tokens}` : null,
    `key of ${plural(decision.key_blocks, 'block')}`].filter(Boolean).join(', ');
  const cached = outcome && `${count(outcome.expected_cached_tokens)} expected, ${count(outcome.reported_cached_tokens)} as the answer says`;
  return terms([
    ['Prompt', prompt],
    ['Attempt', decision.held ? `${decision.attempt}, held first` : String(decision.attempt)],
    ...(asked ? [['Target, waited before', `${seconds(asked.ttft_slo_seconds)}, ${timing(asked.waited_seconds)}`]] : []),
    ...(outcome ? [['Outcome', outcome.state], ['Queued, first token, all', [outcome.queue_seconds, outcome.ttft_seconds, outcome.total_seconds].map(timing).join(', ')],
      ['Cached tokens', cached]] : []),
    ...(decision.shadow ? [['The shadow chose', decision.shadow]] : []),
  ]);
}

/** The best eight. The parts of the score have a column each, where the decision is explained. */
function candidatesTable({ candidates, chosen }) {
  const parts = Object.keys(candidates.find((one) => one.terms)?.terms ?? {});
  const age = (signal) => timing(signal?.age_seconds);
  const isExplained = candidates.some((one) => one.residency);
  const columns = [['Instance', (one) => [one.instance, one.home ? ' (home)' : null]],
    ['Cached', (one) => count(one.cached_tokens), 'number'], ['Held', (one) => count(one.held_tokens), 'number'],
    ['Sent', (one) => count(one.sent_tokens), 'number'], ['Running', (one) => count(one.running_requests), 'number'],
    ['Expected TTFT', (one) => timing(one.estimated_ttft_seconds), 'number'],
    ...parts.map((part) => [part, (one) => number(one.terms?.[part]), 'number']),
    ['Score', (one) => number(one.score), 'number'],
    ...(isExplained ? [['Cache by, age', (one) => `${one.residency.source}, ${age(one.residency)}`], ['Report’s age', (one) => age(one.report), 'number']] : [])];
  return table(columns, candidates, { best: candidates.find((one) => one.instance === chosen), caption: 'Candidates' });
}

/** What would follow from earlier requests nobody can say: these policies are only named. */
function othersTable(others) {
  const absent = new Map();
  for (const { policy, absent: why } of others.filter((one) => one.absent)) absent.set(why, [...(absent.get(why) ?? []), policy]);
  const columns = [['Policy', (one) => (one.shadow ? `${one.policy} (shadow)` : one.policy)],
    ['Would choose', (one) => (one.refused ? 'refuses' : one.same ? `${one.instance}, too` : one.instance)],
    ['Because', (one) => one.reason], ['Cached', (one) => count(one.cached_tokens), 'number'],
    ['Expected TTFT', (one) => timing(one.estimated_ttft_seconds), 'number']];
  return [table(columns, others.filter((one) => !one.absent), { caption: 'Other policies' }),
    ...[...absent].map(([why, policies]) => el('p', {}, `${policies.join(', ')}: ${why}.`))];
}

function afterwardsTable(afterwards) {
  const columns = [['After', (one) => timing(one.after_seconds), 'number'], ['What', (one) => one.what],
    ['Where', (one) => (one.from ? `${one.from} to ${one.instance}` : one.instance ?? '')],
    ['', (one) => [one.decision ? `decision ${one.decision}` : null, one.why ?? null].filter(Boolean).join(': '), 'text']];
  return table(columns, afterwards, { caption: 'Afterwards' });
}

/** What was asked for by askDecision(); nothing where nothing was. */
function decisionCard(shown) {
  if (!shown) return null;
  const { name, decision } = shown;
  const whole = (...parts) => el('section', { class: 'card wide', id: 'decision', tabindex: -1, 'data-focus': 'decision' },
    el('div', { class: 'top' }, el('h3', {}, `Decision ${name}`), el('a', { href: '#', 'data-focus': 'close' }, 'Close')), parts);
  if (!decision) return whole(el('p', {}, 'It is not kept any more; scheduler.decision_log_size says how many are.'));
  const formula = decision.candidates.find((one) => one.formula)?.formula;
  return whole(
    el('p', {}, `${decision.policy} chose ${decision.chosen} (${decision.reason}). `, decision.sentence ?? ''),
    requestTerms(decision),
    el('h3', {}, 'What was weighed'),
    el('p', {}, formula ? `Score: ${formula}. The row in bold was chosen.` : 'The row in bold was chosen. At most one decision per explain.interval is explained in full; this one is not.'),
    candidatesTable(decision),
    decision.others?.length ? [el('h3', {}, 'What the other policies would have done'), othersTable(decision.others)] : null,
    decision.afterwards?.length ? [el('h3', {}, 'What came of it'), afterwardsTable(decision.afterwards)] : null,
    el('p', {}, 'All of it as JSON: ', el('a', { href: `/admin/decisions/${name}`, 'data-focus': 'json' }, `/admin/decisions/${name}`)));
}
