// The first view: who carries how much, and how attainment, P90 and caching depend on the rate.

/** The points of a policy's curves: the rates that all were run at, and its own goodput. */
function curveOf(policy) {
  const list = [...policy.points];
  if (policy.goodput_qps > 0 && !pointAt(policy, policy.goodput_qps)) list.push(policy.at_goodput);
  return list.sort((a, b) => a.qps - b.qps);
}

function pointAt(policy, qps) {
  return policy.points.find((point) => point.qps === qps);
}

/** Places of a trace's policies, the best first: by goodput, else by what was met at which rate. */
function ranked(trace, target, qps) {
  const worth = (policy) => [
    policy.goodput_qps ?? Math.max(0, ...policy.points.filter((point) => point.attainment >= target.attainment).map((point) => point.qps)),
    pointAt(policy, qps)?.attainment ?? 0,
    -(pointAt(policy, qps)?.ttft_p90_s ?? Infinity),
  ];
  const worths = trace.policies.map(worth);
  return trace.policies.map((_, i) => i).sort((a, b) => {
    const k = worths[a].findIndex((value, j) => value !== worths[b][j]);
    return k < 0 ? a - b : worths[b][k] - worths[a][k];
  });
}

/** The rates at which runs of the trace can be looked into, ascending. */
function ratesOf(trace) {
  return [...new Set(trace.policies.flatMap((policy) => policy.points.map((point) => point.qps)))].sort((a, b) => a - b);
}

/** The rate of the comparison; else the highest at which some policy meets the attainment, else the lowest. */
function kneeOf(trace, target) {
  if (trace.compared_qps) return trace.compared_qps;
  const rates = ratesOf(trace);
  const met = rates.filter((qps) => trace.policies.some((policy) => pointAt(policy, qps)?.attainment >= target.attainment));
  return met.at(-1) ?? rates[0];
}

function isSearch(trace) {
  return trace.policies.some((policy) => policy.goodput_qps !== undefined);
}

function metricLines(policy, point) {
  return [policy.name, `at ${rate(point.qps)}`, `TTFT target met: ${percent(point.attainment)}`,
    `P50 ${timing(point.ttft_p50_s)}, P90 ${timing(point.ttft_p90_s)}, P99 ${timing(point.ttft_p99_s)}`,
    `cached tokens: ${percent(point.cached_token_share)}`];
}

// Differences below this are noise of a search: docs/simulation.md.
const kSearchNoise = 0.015;

/** {title, text}: the result of a trace in a sentence, and the figures behind it. */
function headline(trace, target) {
  const qps = kneeOf(trace, target);
  const [best, second] = ranked(trace, target, qps).map((i) => trace.policies[i]);
  return isSearch(trace) ? searchHeadline(trace, target, best, second) : rateHeadline(trace, target, best, second, qps);
}

function searchHeadline(trace, target, best, second) {
  const goal = `at least ${percent(target.attainment, 0)} of the requests get their first token within ${seconds(target.slo_ttft_s)}, and 99 % within ${seconds(target.ttft_p99_max_s)}`;
  if (!(best.goodput_qps > 0)) {
    return { title: 'No policy meets the target at any rate', text: `On ${trace.name} there is no rate at which ${goal}.` };
  }
  if (!second) return { title: `${best.name} carries ${rate(best.goodput_qps)}`, text: `On ${trace.name}, while ${goal}.` };
  const text = `On ${trace.name}: ${rate(best.goodput_qps)} against ${fixed(second.goodput_qps, 2)} of ${second.name}, while ${goal}. Its P99 is then ${timing(best.at_goodput.ttft_p99_s)}, that of ${second.name} at its own goodput ${timing(second.at_goodput.ttft_p99_s)}.`;
  const gain = best.goodput_qps / second.goodput_qps - 1;
  if (!(second.goodput_qps > 0)) return { title: `Only ${best.name} meets the target`, text };
  if (gain < kSearchNoise) return { title: `${best.name} and ${second.name} carry the same load`, text: `${text} A difference under ${percent(kSearchNoise)} is noise.` };
  return { title: `${best.name} carries ${percent(gain)} more than the next best of ${trace.policies.length} policies`, text };
}

function rateHeadline(trace, target, best, second, qps) {
  const met = (policy) => percent(pointAt(policy, qps)?.attainment);
  const goal = `a first token within ${seconds(target.slo_ttft_s)}`;
  if (!second) {
    return { title: `${best.name}: ${met(best)} in time at ${rate(qps)}`, text: `The share of the requests on ${trace.name} that get ${goal}.` };
  }
  const text = `On ${trace.name} at ${rate(qps)}, next best being ${second.name}. The target is ${goal}.`;
  const pair = pairOf(trace, trace.policies.indexOf(best), trace.policies.indexOf(second), qps);
  const interval = pair ? ` The difference, request by request: ${intervalText(pair.attainment)}.` : '';
  if (pair && isZeroWithin(pair.attainment)) {
    return { title: `${best.name} and ${second.name} meet the target equally often`, text: text + interval };
  }
  return { title: `${best.name} meets the target for ${met(best)} of the requests, the next best of ${trace.policies.length} policies for ${met(second)}`, text: text + interval };
}

function headlineFigures(trace, target) {
  const qps = kneeOf(trace, target);
  const [best, second] = ranked(trace, target, qps).map((i) => trace.policies[i]);
  const [at, other] = [best, second].map((policy) => policy && pointAt(policy, qps));
  const figure = (value, text) => el('div', { class: 'figure' }, el('b', {}, value), el('span', {}, text));
  const against = (value) => (other ? `; ${value} with ${second.name}` : '');
  const figures = [];
  if (best.goodput_qps > 0) {
    figures.push(figure(fixed(best.goodput_qps, 2), `requests/s: goodput of ${best.name}`),
      figure(percent(best.goodput_qps / best.bound_qps, 0), `of the bound, ${fixed(best.bound_qps, 2)} requests/s, where every repeated block is a hit`));
  }
  if (!at) return el('div', { class: 'figures' }, figures);
  if (!(best.goodput_qps > 0)) figures.push(figure(percent(at.attainment), `in time at ${rate(qps)}${against(percent(other?.attainment))}`));
  figures.push(
    figure(timing(at.ttft_p90_s), `P90 TTFT at ${rate(qps)}${against(timing(other?.ttft_p90_s))}`),
    figure(percent(at.cached_token_share), `of prompt tokens cached${against(percent(other?.cached_token_share))}`));
  return el('div', { class: 'figures' }, figures);
}

function rateChooser(rates, qps, change) {
  return chooser('At', rates.map((one) => [one, rate(one)]), qps, (value) => change({ rate: Number(value) }));
}

// ---- charts --------------------------------------------------------------------------------

/** With the interval over the seeds, if there were several. */
function goodputText({ goodput_qps: value, goodput_half_width: width }) {
  return width === undefined ? fixed(value, 2) : `${fixed(value, 2)} ± ${fixed(width, 2)}`;
}

function goodputCard(trace, styles, order) {
  const policies = order.map((i) => trace.policies[i]);
  const bound = policies[0].bound_qps;
  const chart = barChart({
    label: 'Goodput by policy',
    title: 'goodput, requests/s',
    format: (value) => number(value),
    marks: bound ? [{ value: bound, text: `bound ${fixed(bound, 2)}` }] : [],
    rows: order.map((i) => {
      const { name, goodput_qps: value, goodput_half_width: width, at_goodput: at } = trace.policies[i];
      return { name, value, text: goodputText(trace.policies[i]), style: styles[i],
        lines: [name, `goodput ${rate(value)}${width === undefined ? '' : `, 95 % interval ±${fixed(width, 2)}`}`, `${percent(value / bound)} of the bound`, `P90 there ${timing(at.ttft_p90_s)}, P99 ${timing(at.ttft_p99_s)}`] };
    }),
  });
  const figures = tableBehind([['Policy', (p) => p.name], ['Goodput, requests/s', goodputText, 'number'],
    ['Of the bound', (p) => percent(p.goodput_qps / p.bound_qps), 'number'],
    ['Of the best', (p) => percent(p.goodput_qps / policies[0].goodput_qps), 'number'],
    ['P90 there', (p) => timing(p.at_goodput.ttft_p90_s), 'number'], ['P99 there', (p) => timing(p.at_goodput.ttft_p99_s), 'number']], policies, 'Goodput');
  return card('Goodput', 'The highest rate that meets the target. Bound: the rate at which prefill alone keeps all instances busy if every repeated block is a hit.', chart, figures, true);
}

function curveCard({ trace, styles, key, title, note, y, marks }) {
  const curves = trace.policies.map(curveOf);
  const chart = lineChart({
    label: title,
    series: trace.policies.map((policy, i) => {
      const list = curves[i].filter((point) => point[key] !== null);
      return { name: policy.name, style: styles[i], points: list.map((point) => [point.qps, point[key]]), lines: (k) => metricLines(policy, list[k]) };
    }),
    x: { title: 'requests/s', range: niceRange(curves.flat().map((point) => point.qps)), format: (value) => number(value) },
    y,
    marks,
  });
  const rows = trace.policies.flatMap((policy, i) => curves[i].map((point) => ({ policy, point })));
  const figures = tableBehind([['Policy', ({ policy }) => policy.name], ['Requests/s', ({ point }) => fixed(point.qps, 2), 'number'],
    ['In time', ({ point }) => percent(point.attainment, 2), 'number'], ['P50', ({ point }) => timing(point.ttft_p50_s), 'number'],
    ['P90', ({ point }) => timing(point.ttft_p90_s), 'number'], ['P99', ({ point }) => timing(point.ttft_p99_s), 'number'],
    ['Cached', ({ point }) => percent(point.cached_token_share), 'number'], ['Load CV', ({ point }) => fixed(point.pending_tokens_cv, 3), 'number']], rows, title);
  return card(title, note, chart, figures);
}

function attainmentCard(trace, target, styles) {
  const values = trace.policies.flatMap(curveOf).map((point) => point.attainment);
  return curveCard({
    trace, styles, key: 'attainment',
    title: 'Requests in time, by rate',
    note: `The share whose first token comes within ${seconds(target.slo_ttft_s)}.`,
    y: { title: 'requests in time', range: { ...niceRange(values, { atLeast: [target.attainment] }), to: 1 }, format: (value) => percent(value, 0) },
    marks: [{ axis: 'y', value: target.attainment, text: `target ${percent(target.attainment, 0)}`, isBelow: true }],
  });
}

function p90Card(trace, target, styles) {
  const values = trace.policies.flatMap(curveOf).map((point) => point.ttft_p90_s);
  return curveCard({
    trace, styles, key: 'ttft_p90_s',
    title: 'P90 time to first token, by rate',
    note: 'Nine of ten requests are faster. Logarithmic, since queues grow without end past the knee.',
    y: { title: 'P90 TTFT, logarithmic', range: niceRange(values, { isLog: true, atLeast: [target.slo_ttft_s] }), format: seconds },
    marks: [{ axis: 'y', value: target.slo_ttft_s, text: `target ${seconds(target.slo_ttft_s)}` }],
  });
}

function balanceCard(trace, styles, qps) {
  const at = trace.policies.map((policy) => pointAt(policy, qps));
  const places = at.map((point, i) => i).filter((i) => at[i]);
  const chart = lineChart({
    label: 'Cached tokens against balance of load',
    hasLines: false,
    height: 320,
    series: places.map((i) => ({ name: trace.policies[i].name, style: styles[i],
      points: [[at[i].pending_tokens_cv, at[i].cached_token_share]],
      lines: () => [...metricLines(trace.policies[i], at[i]), `load CV: ${fixed(at[i].pending_tokens_cv, 2)}`] })),
    x: { title: 'coefficient of variation of load (0: even)', range: niceRange(places.map((i) => at[i].pending_tokens_cv), { atLeast: [0] }), format: (value) => number(value) },
    y: { title: 'cached prompt tokens', range: niceRange(places.map((i) => at[i].cached_token_share), { atLeast: [0] }), format: (value) => percent(value, 0) },
  });
  const figures = tableBehind([['Policy', (i) => trace.policies[i].name], ['Cached tokens', (i) => percent(at[i].cached_token_share), 'number'],
    ['Load CV', (i) => fixed(at[i].pending_tokens_cv, 3), 'number']], places, 'Cached tokens and balance');
  return card(`Caching against balance, at ${rate(qps)}`, 'Up and to the left is better: much of the prompts cached, load spread evenly.', chart, figures, true);
}

function summaryCard(trace, target, qps, order) {
  const rows = order.filter((i) => pointAt(trace.policies[i], qps)).map((i) => ({ policy: trace.policies[i], point: pointAt(trace.policies[i], qps) }));
  const columns = [['Policy', ({ policy }) => policy.name],
    ['In time', ({ point }) => percent(point.attainment), 'number'],
    ['P50', ({ point }) => timing(point.ttft_p50_s), 'number'], ['P90', ({ point }) => timing(point.ttft_p90_s), 'number'],
    ['P99', ({ point }) => timing(point.ttft_p99_s), 'number'],
    ['Cached', ({ point }) => percent(point.cached_token_share), 'number'], ['Load CV', ({ point }) => fixed(point.pending_tokens_cv, 2), 'number'],
    ['Worst length', ({ point }) => percent(point.worst_length_bucket_attainment), 'number'],
    ['Moves', ({ point }) => count(point.moves), 'number'], ['Rejected', ({ point }) => count(point.rejected), 'number']];
  return el('section', { class: 'card wide' }, el('h3', {}, `All policies at ${rate(qps)}`),
    el('p', {}, `${plural(rows[0]?.point.requests ?? 0, 'counted request')}. Worst length: requests in time in the worst range of prompt lengths.`),
    table(columns, rows, { best: rows[0], caption: 'All policies' }));
}

function overview(trace, target, styles, order, view, change) {
  const rates = ratesOf(trace);
  const qps = rates.includes(view.rate) ? view.rate : kneeOf(trace, target);
  return el('div', { class: 'grid' },
    isSearch(trace) ? goodputCard(trace, styles, order) : null,
    attainmentCard(trace, target, styles),
    p90Card(trace, target, styles),
    rates.length > 1 ? el('div', { class: 'controls wide' }, rateChooser(rates, qps, change)) : null,
    qps === undefined ? null : balanceCard(trace, styles, qps),
    qps === undefined ? null : summaryCard(trace, target, qps, order));
}
