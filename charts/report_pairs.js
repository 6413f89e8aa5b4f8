// The third view, a page for each pair of policies: how the same requests fared under both.

/** The pair with `first` first, whichever way round it was written; undefined if it was not. */
function pairOf(trace, first, second, qps) {
  const found = trace.pairs.find((pair) => pair.qps === qps &&
    ((pair.first === first && pair.second === second) || (pair.first === second && pair.second === first)));
  if (!found || found.first === first) return found;
  const turned = ({ mean, half_width: width }) => ({ mean: -mean, half_width: width });
  return { ...found, first, second, only_first: found.only_second, only_second: found.only_first,
    attainment: turned(found.attainment), ttft_s: turned(found.ttft_s),
    ttft_quantiles_s: found.ttft_quantiles_s.map((value) => -value).reverse() };
}

function isZeroWithin({ mean, half_width: width }) {
  return width !== null && Math.abs(mean) <= width;
}

function intervalText({ mean, half_width: width }) {
  if (width === null) return `${points(mean)} (too few requests for an interval)`;
  return `${points(mean)}, 95 % interval ${signed(100 * (mean - width), 1)} to ${signed(100 * (mean + width), 1)}`;
}

function secondsIntervalText({ mean, half_width: width }) {
  const text = (value) => `${signed(value, Math.abs(mean) < 1 ? 3 : 2)}`;
  if (width === null) return `${text(mean)} s (too few requests for an interval)`;
  return `${text(mean)} s, 95 % interval ${text(mean - width)} to ${text(mean + width)}`;
}

function verdict(pair, a, b) {
  if (isZeroWithin(pair.attainment)) return `${a} and ${b} are in time equally often`;
  return pair.attainment.mean > 0 ? `${a} is in time more often than ${b}` : `${a} is in time less often than ${b}`;
}

function outcomeCard(pair, a, b, styles) {
  const total = pair.met_by_both + pair.only_first + pair.only_second + pair.met_by_neither;
  const rows = [[`only with ${a}`, pair.only_first, styles[pair.first]], [`only with ${b}`, pair.only_second, styles[pair.second]],
    ['with neither', pair.met_by_neither, { colour: 'var(--other)' }], ['with both', pair.met_by_both, { colour: 'var(--other)' }]];
  const chart = barChart({
    label: 'Requests in time with one, both or neither', title: 'requests in time', format: count,
    rows: rows.map(([name, value, style]) => ({ name, value, style, text: `${count(value)} (${percent(value / total)})`, lines: [name, plural(value, 'request'), `${percent(value / total)} of all`] })),
  });
  const figures = tableBehind([['In time', ([name]) => name], ['Requests', ([, value]) => count(value), 'number'], ['Share', ([, value]) => percent(value / total, 2), 'number']], rows, 'In time');
  return card('In time with which', 'The same requests, with the same arrivals, under both policies.', chart, figures);
}

function differenceCard(pair, a, b, styles) {
  const values = pair.ttft_quantiles_s;
  if (values.length === 0) return null;
  const range = niceRange(values, { atLeast: [0] });
  const part = (name, place, keep) => {
    const list = values.map((value, k) => [(k + 1) / 100, value]).filter(([, value]) => keep(value));
    return { name, style: styles[place], points: list, base: 0,
      lines: (k) => [`${percent(list[k][0], 0)} of the requests`, `have a difference of at most ${signed(list[k][1], 3)} s`] };
  };
  const chart = lineChart({
    label: `TTFT of ${a} minus TTFT of ${b}`, canLabel: false,
    series: [part(`${a} faster`, pair.first, (value) => value <= 0), part(`${b} faster`, pair.second, (value) => value >= 0)],
    x: { title: 'requests, sorted by difference', range: { from: 0, to: 1 }, format: (value) => percent(value, 0) },
    y: { title: `TTFT of ${a} minus TTFT of ${b}`, range, format: (value) => `${number(value)} s` },
    marks: [{ axis: 'y', value: 0, text: '' }],
  });
  const rows = [1, 5, 10, 25, 50, 75, 90, 95, 99];
  const figures = tableBehind([['Requests', (p) => `${p} %`], ['At most', (p) => `${signed(values[p - 1], 3)} s`, 'number']], rows, 'TTFT difference');
  return card('Difference of each request', `Below zero ${a} is faster, above it ${b}.`, chart, figures);
}

/** How the difference depends on the rate, with its intervals. */
function differenceByRateCard(trace, first, second, styles, a, b) {
  const pairs = ratesOf(trace).map((qps) => pairOf(trace, first, second, qps)).filter(Boolean);
  if (pairs.length < 2) return null;
  const ends = pairs.flatMap(({ attainment: { mean, half_width: width } }) => [mean - (width ?? 0), mean + (width ?? 0)]);
  const line = (name, style, value) => ({ name, style, points: pairs.map((pair) => [pair.qps, value(pair.attainment)]),
    lines: (k) => [`at ${rate(pairs[k].qps)}`, intervalText(pairs[k].attainment)] });
  const edge = { ...styleOf(second, false), dash: '3 3' };
  const chart = lineChart({
    label: `Attainment of ${a} minus ${b} by rate`, canLabel: false,
    series: [line('difference', styles[first], ({ mean }) => mean),
      line('low', edge, ({ mean, half_width: width }) => mean - (width ?? 0)), line('high', edge, ({ mean, half_width: width }) => mean + (width ?? 0))],
    x: { title: 'requests/s', range: niceRange(pairs.map(({ qps }) => qps)), format: (value) => number(value) },
    y: { title: `in time: ${a} minus ${b}, points`, range: niceRange(ends, { atLeast: [0] }), format: (value) => signed(100 * value, 0) },
    marks: [{ axis: 'y', value: 0, text: '' }],
  });
  const figures = tableBehind([['Requests/s', (pair) => fixed(pair.qps, 2), 'number'], ['In time', (pair) => intervalText(pair.attainment)],
    ['Mean TTFT', (pair) => secondsIntervalText(pair.ttft_s)]], pairs, 'Difference by rate');
  return card('Difference by rate', `Share of requests in time, ${a} minus ${b}; the dashed lines bound the 95 % interval.`, chart, figures, true);
}

function metricsOfPair(trace, pair, a, b) {
  const [x, y] = [pair.first, pair.second].map((place) => pointAt(trace.policies[place], pair.qps));
  const rows = [['TTFT P50', timing, 'ttft_p50_s'], ['TTFT P90', timing, 'ttft_p90_s'], ['TTFT P99', timing, 'ttft_p99_s'], ['In time', percent, 'attainment'],
    ['Worst range of lengths in time', percent, 'worst_length_bucket_attainment'], ['Cached prompt tokens', percent, 'cached_token_share'],
    ['Load CV', (value) => fixed(value, 3), 'pending_tokens_cv'], ['Moves', count, 'moves'], ['Rejected', count, 'rejected']];
  return el('section', { class: 'card wide' }, el('h3', {}, 'Side by side'),
    table([['', ([name]) => name, 'text'], [a, ([, format, key]) => format(x[key]), 'number'], [b, ([, format, key]) => format(y[key]), 'number']], rows, { caption: `${a} and ${b}` }));
}

function pairBody(trace, first, second, styles, qps) {
  const [a, b] = [first, second].map((place) => trace.policies[place].name);
  const pair = pairOf(trace, first, second, qps);
  if (!pair) return el('p', {}, 'This pair was not compared at this rate, to keep the page small. Compare fewer policies or rates.');
  const every = pair.sampled_every > 1 ? ` Of every ${pair.sampled_every}th request.` : '';
  return el('div', {}, el('h2', {}, verdict(pair, a, b)),
    el('p', {}, `In time: ${intervalText(pair.attainment)}. Mean TTFT: ${secondsIntervalText(pair.ttft_s)}.${every}`),
    el('p', { class: 'small soft' }, 'Intervals: Student’s t over the means of 20 batches of successive requests. They tell how sure the figure is for this trace and seed, not for another trace.'),
    el('div', { class: 'grid' }, outcomeCard(pair, a, b, styles), differenceCard(pair, a, b, styles),
      differenceByRateCard(trace, first, second, styles, a, b), metricsOfPair(trace, pair, a, b)));
}

function pairsView(trace, target, order, view, change) {
  if (trace.policies.length < 2) return el('p', {}, 'There is one policy only: nothing to compare.');
  const rates = ratesOf(trace).filter((qps) => trace.pairs.some((pair) => pair.qps === qps));
  if (rates.length === 0) return el('p', {}, 'No pair was compared: no policy meets the target at any rate.');
  const valid = (place, otherwise) => (trace.policies[place] ? place : otherwise);
  const first = valid(view.first, order[0]);
  const second = valid(view.second, order.find((place) => place !== first));
  const qps = rates.includes(view.rate) ? view.rate : (rates.includes(kneeOf(trace, target)) ? kneeOf(trace, target) : rates[0]);
  const names = order.map((place) => [place, trace.policies[place].name]);
  const styles = trace.policies.map((_, place) => styleOf(place === first ? 0 : 1));
  return el('div', {},
    el('div', { class: 'controls' },
      chooser('First', names, first, (place) => change({ first: Number(place), second: Number(place) === second ? first : second })),
      chooser('Second', names, second, (place) => change({ second: Number(place), first: Number(place) === first ? second : first })),
      rates.length > 1 ? rateChooser(rates, qps, change) : null),
    pairBody(trace, first, second, styles, qps));
}
