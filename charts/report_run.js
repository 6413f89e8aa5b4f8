// The second view: what happened at one rate. How TTFT is distributed, whom long prompts hurt, where
// the load lay, and the requests that fared worst.

/** Policies with details at the rate: [{policy, place, point}]. */
function detailedRuns(trace, qps) {
  return trace.policies.map((policy, place) => ({ policy, place, point: pointAt(policy, qps) })).filter(({ point }) => point?.details);
}

function cdfCard(trace, target, styles, qps) {
  const runs = detailedRuns(trace, qps);
  const shares = report.quantile_shares;
  if (runs.length === 0) return null;
  const curves = runs.map(({ point }) => shares.map((share, k) => [point.details.ttft_quantiles_s[k], share]).filter(([value]) => value !== null));
  // Below a hundredth of the target all are equally good.
  const low = target.slo_ttft_s / 100;
  const range = niceRange(curves.flat().map(([value]) => Math.max(value, low)), { isLog: true, atLeast: [target.slo_ttft_s] });
  const chart = lineChart({
    label: 'Distribution of the time to first token',
    series: runs.map(({ policy, place }, i) => ({ name: policy.name, style: styles[place], points: curves[i],
      lines: (k) => [policy.name, `${percent(curves[i][k][1])} of the requests within ${timing(curves[i][k][0])}`] })),
    canLabel: false,
    x: { title: 'TTFT, logarithmic', range, format: seconds },
    y: { title: 'requests', range: { from: 0, to: 1 }, format: (value) => percent(value, 0) },
    marks: [{ axis: 'x', value: target.slo_ttft_s, text: `target ${seconds(target.slo_ttft_s)}` }],
  });
  const quantile = (share) => [percent(share), ({ point }) => timing(point.details.ttft_quantiles_s[shares.indexOf(share)]), 'number'];
  const figures = tableBehind([['Policy', ({ policy }) => policy.name], ...[0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1].map(quantile)], runs, 'TTFT quantiles');
  return card(`Time to first token, at ${rate(qps)}`, 'The share of the requests whose first token came within that time.', chart, figures);
}

function lengthsCard(trace, target, styles, qps) {
  const runs = detailedRuns(trace, qps);
  if (runs.length === 0) return null;
  const ranges = [...new Map(runs.flatMap(({ point }) => point.details.lengths.map((length) => [length.tokens_from, length]))).values()]
    .sort((a, b) => a.tokens_from - b.tokens_from);
  const name = (from, i) => (i + 1 < ranges.length ? `${tokens(from)}–${tokens(ranges[i + 1].tokens_from)}` : `${tokens(from)} and more`);
  const placeOf = new Map(ranges.map(({ tokens_from: from }, i) => [from, i]));
  const values = runs.flatMap(({ point }) => point.details.lengths.map(({ attainment }) => attainment));
  const chart = lineChart({
    label: 'Requests in time by prompt length',
    series: runs.map(({ policy, place, point }) => ({ name: policy.name, style: styles[place],
      points: point.details.lengths.map((length) => [placeOf.get(length.tokens_from), length.attainment]),
      lines: (k) => {
        const length = point.details.lengths[k];
        return [policy.name, `${name(length.tokens_from, placeOf.get(length.tokens_from))} tokens: ${plural(length.requests, 'request')}`,
          `in time: ${percent(length.attainment)}`, `P90 TTFT ${timing(length.ttft_p90_s)}`];
      } })),
    x: { title: 'prompt tokens (1k = 1,024), from', range: { from: 0, to: Math.max(1, ranges.length - 1) }, ticks: ranges.map((_, i) => i), format: (i) => tokens(ranges[i].tokens_from) },
    y: { title: 'requests in time', range: { ...niceRange(values, { atLeast: [target.attainment] }), to: 1 }, format: (value) => percent(value, 0) },
    marks: [{ axis: 'y', value: target.attainment, text: `target ${percent(target.attainment, 0)}`, isBelow: true }],
  });
  const at = (point, { tokens_from: from }) => point.details.lengths.find((length) => length.tokens_from === from);
  const figures = tableBehind([['Policy', ({ policy }) => policy.name],
    ...ranges.map((range, i) => [`${name(range.tokens_from, i)} (${count(range.requests)})`, ({ point }) => percent(at(point, range)?.attainment), 'number'])], runs, 'In time by prompt length, requests in brackets');
  return card('In time, by prompt length', 'Whether long prompts pay for the others. A range with few requests says little.', chart, figures);
}

function rowName({ first, last }) {
  return first === last ? String(first) : `${first}–${last}`;
}

function loadCards(runs, target) {
  // One scale for all policies, so that they compare: what arrives where twice the target is pending
  // is late twice over, and more than that does not matter.
  const to = 2 * target.slo_ttft_s;
  const cards = runs.map(({ policy, point }) => {
    const { load, period_s: period } = point.details;
    const chart = loadChart({
      label: `Load over time of ${policy.name}`, period, to,
      rows: load.map((row) => ({ name: rowName(row), values: row.pending_s })),
      lines: (row, i) => [`Instance ${rowName(load[row])}`, `${clock(i * period)} to ${clock((i + 1) * period)}`, `pending prefill: ${timing(load[row].pending_s[i])}`],
    });
    const mean = (row) => row.pending_s.reduce((sum, value) => sum + value, 0) / row.pending_s.length;
    const figures = tableBehind([['Instance', rowName], ['Requests', (row) => count(row.requests), 'number'],
      ['Cached tokens', (row) => percent(row.cached_token_share), 'number'], ['Mean pending', (row) => timing(mean(row)), 'number'],
      ['Most pending', (row) => timing(Math.max(...row.pending_s)), 'number']], load, `Load of ${policy.name}`);
    return card(policy.name, null, chart, figures);
  });
  return [el('h2', {}, 'Load of each instance over time'), loadKey(to, seconds), el('div', { class: 'grid' }, cards)];
}

function whereText(worst) {
  const parts = [];
  if (worst.held) parts.push('held');
  if (worst.moves > 0) parts.push(`moved ${worst.moves}×`);
  if (worst.attempts > 1) parts.push(`sent ${worst.attempts}×`);
  return parts.join(', ') || 'sent at once';
}

function worstSection(runs, selected, onChange) {
  const run = runs.find(({ place }) => place === selected) ?? runs[0];
  const columns = [['TTFT', (w) => (w.rejected ? 'rejected' : timing(w.ttft_s)), 'number'],
    ['Expected', (w) => timing(w.estimated_ttft_s), 'number'], ['When', (w) => clock(w.arrival_s), 'number'],
    ['Request', (w) => count(w.request), 'number'], ['Prompt', (w) => count(w.prompt_tokens), 'number'],
    ['Cached', (w) => (w.rejected ? kNone : percent(w.cached_tokens / w.prompt_tokens, 0)), 'number'],
    ['Instance', (w) => w.instance, 'number'], ['Why there', (w) => w.reason || kNone], ['How', whereText, 'text']];
  return [el('h2', {}, 'The requests that fared worst'),
    el('p', { class: 'soft' }, 'Expected: the TTFT estimated when the request was routed. Request: its number among those replayed, from 1, warm-up included; ',
      el('code', {}, 'ringmaster sim explain --request'), ' shows all that its routing was based on.'),
    el('div', { class: 'controls' }, chooser('Policy', runs.map(({ place, policy }) => [place, policy.name]), run.place, (place) => onChange(Number(place)))),
    el('div', { class: 'card' }, table(columns, run.point.details.worst, { caption: `Worst requests of ${run.policy.name}` })),
    terms([...new Set(run.point.details.worst.map(({ reason }) => reason))].filter((reason) => report.reasons[reason])
      .map((reason) => [reason, report.reasons[reason]]))];
}

function runView(trace, target, styles, order, view, change) {
  const rates = ratesOf(trace).filter((qps) => detailedRuns(trace, qps).length > 0);
  if (rates.length === 0) return el('p', {}, 'No run was looked into: no policy meets the target at any rate.');
  const qps = rates.includes(view.rate) ? view.rate : kneeOf(trace, target);
  const left = ratesOf(trace).length - rates.length;
  const byRank = detailedRuns(trace, qps).sort((a, b) => order.indexOf(a.place) - order.indexOf(b.place));
  const shown = byRank.filter(({ place }) => styles[place].isShown);
  return el('div', {},
    el('div', { class: 'controls' },
      rates.length > 1 ? rateChooser(rates, qps, change) : el('span', {}, `At ${rate(qps)}`),
      left > 0 ? el('span', { class: 'small soft' }, `Details of ${plural(left, 'other rate')} are left out to keep the page small.`) : null),
    el('div', { class: 'grid' }, cdfCard(trace, target, styles, qps), lengthsCard(trace, target, styles, qps)),
    loadCards(shown.length > 0 ? shown : byRank.slice(0, 1), target),
    worstSection(byRank, view.worst, (worst) => change({ worst })));
}
