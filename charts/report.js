// The page of a report: headline, views, and the address that names what is shown.

const report = JSON.parse(document.getElementById('data').textContent);

const kShownAtFirst = 6;

/** What is looked at; kept in the address, so that a link leads to the same view. */
function readView() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const whole = (name) => (/^\d{1,4}$/.test(asked.get(name) ?? '') ? Number(asked.get(name)) : undefined);
  return {
    tab: asked.get('view') ?? 'overview',
    trace: report.traces[whole('trace')] ? whole('trace') : 0,
    rate: Number(asked.get('rate')) || undefined,
    first: whole('first'),
    second: whole('second'),
    worst: whole('worst'),
    shown: asked.has('shown') ? asked.get('shown').split('.').filter((one) => /^\d+$/.test(one)).map(Number) : undefined,
  };
}

function writeView(view) {
  const asked = new URLSearchParams({ view: view.tab });
  for (const name of ['trace', 'rate', 'first', 'second', 'worst']) {
    if (view[name] !== undefined) asked.set(name, view[name]);
  }
  if (view.shown) asked.set('shown', view.shown.join('.'));
  history.replaceState(null, '', `#${asked}`);
}

/** Colours follow the ranking on the first trace, so that they stay when the trace changes. */
const placeInColours = new Map();
function colourPlaces() {
  const first = report.traces[0];
  const order = ranked(first, report.target, kneeOf(first, report.target));
  order.forEach((place, rank) => placeInColours.set(first.policies[place].name, rank));
}

function legend(trace, order, shown, change) {
  const toggle = (place) => change({ shown: shown.includes(place) ? shown.filter((one) => one !== place) : [...shown, place] });
  return el('div', { class: 'legend', role: 'group', 'aria-label': 'Policies drawn in colour' }, order.map((place) => {
    const { name } = trace.policies[place];
    const isShown = shown.includes(place);
    return el('button', { type: 'button', 'aria-pressed': String(isShown), 'data-focus': `legend-${place}`, onclick: () => toggle(place) },
      keyOf(styleOf(placeInColours.get(name) ?? place, isShown)), name);
  }));
}

function conditionsView(trace) {
  const window = (policy) => (policy.window === 0 ? 'nothing is held' : `${policy.window} in prefill`);
  return el('div', {},
    el('h2', {}, 'What was run'), terms([['Trace', trace.name], ...report.conditions]),
    el('h2', {}, 'What was assumed'), el('ul', { class: 'notes' }, report.assumptions.map((text) => el('li', {}, text))),
    el('h2', {}, 'The policies as they ran'),
    el('div', { class: 'card' }, table([['Policy', (p) => p.name], ['Order of what is held', (p) => p.queue], ['Moves', (p) => p.rebalancing],
      ['Held per instance from', window]], trace.policies, { caption: 'Policies' })),
    el('h2', {}, 'Words'),
    terms([['TTFT', 'Time to first token: from the arrival of a request to its first token.'],
      ['In time', `A request whose TTFT is below ${seconds(report.target.slo_ttft_s)}. A rejected one is not.`],
      ['P90', 'The time that nine of ten requests do not exceed; exact, by nearest rank.'],
      ['Goodput', `The highest rate at which ${percent(report.target.attainment, 0)} are in time and P99 is at most ${seconds(report.target.ttft_p99_max_s)}.`],
      ['Cached tokens', 'Prompt tokens found in the prefix cache of the instance, as a share of all prompt tokens.'],
      ['Load CV', 'How unevenly uncached tokens wait: standard deviation by mean over the instances, averaged over arrivals. 0 is even.'],
      ['Pending prefill', 'Uncached prompt tokens waiting for an instance or in prefill there, in seconds of its time.']]),
    el('h2', {}, 'To repeat it'), el('pre', {}, el('code', {}, report.command)));
}

/** One row a trace, with its result; the names choose what is shown. */
function traceList(trace, choose) {
  if (report.traces.length < 2) return null;
  const rows = report.traces.map((one, place) => ({ one, place, line: headline(one, report.target) }));
  const button = ({ one, place }) => el('button', { type: 'button', 'aria-pressed': String(one === trace), 'data-focus': `trace-${place}`, onclick: () => choose(place) }, one.name);
  return el('div', { class: 'card' }, table([['Trace', button], ['Result', ({ line }) => line.title, 'text']], rows,
    { best: rows.find(({ one }) => one === trace), caption: 'All traces' }));
}

function show(view) {
  const trace = report.traces[view.trace];
  const { target } = report;
  const order = ranked(trace, target, kneeOf(trace, target));
  const shown = (view.shown ?? order.slice(0, kShownAtFirst)).filter((place) => trace.policies[place]);
  const styles = trace.policies.map(({ name }, place) => styleOf(placeInColours.get(name) ?? place, shown.includes(place)));
  const change = (changes) => show(Object.assign(view, changes));
  const { title, text } = headline(trace, target);
  const policyLegend = () => legend(trace, order, shown, change);
  const tabs = [
    { id: 'overview', title: 'Overview', panel: el('div', {}, policyLegend(), overview(trace, target, styles, order, view, change)) },
    { id: 'run', title: 'At one rate', panel: el('div', {}, policyLegend(), runView(trace, target, styles, order, view, change)) },
    { id: 'pairs', title: 'Pairs', panel: el('div', {}, pairsView(trace, target, order, view, change)) },
    { id: 'conditions', title: 'Conditions', panel: el('div', {}, conditionsView(trace)) },
  ];
  const list = tabList(tabs, view.tab, (tab) => {
    view.tab = tab;
    writeView(view);
  });
  hideTip();
  replaceKept(document.getElementById('page'),
    el('header', {},
      el('div', { class: 'top' }, el('span', { class: 'small soft' }, 'Ringmaster · simulated, not measured on devices'), themeSwitch()),
      el('h1', {}, title), el('p', { class: 'lead' }, text),
      el('p', { class: 'small soft' }, conditionsLine(trace)),
      headlineFigures(trace, target),
      traceList(trace, (place) => show({ tab: view.tab, trace: place }))),
    list, ...tabs.map(({ panel }) => panel));
}

/** The conditions in one line; the view of that name has them all. */
function conditionsLine(trace) {
  const value = (name) => report.conditions.find(([one]) => one === name)?.[1];
  const requests = trace.policies.flatMap((policy) => policy.at_goodput ?? policy.points)[0].requests;
  const gateways = value('Gateways') === '1' ? [] : [value('Gateways').replace(/^\d+/, '$& gateways')];
  return [`${plural(requests, 'counted request')}`, value('Fleet'), ...gateways, value('Model and device'), `model “${value('Model of an instance')}”`,
    `setting ${value('Setting')}`].join(' · ');
}

colourPlaces();
show(readView());
addEventListener('hashchange', () => show(readView())); // A link followed, not our own changes.
