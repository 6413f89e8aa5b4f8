// Parts that every page is made of: elements, numbers for people, theme, tabs, tables.
// Text from data always becomes a text node: nothing here parses HTML.

/** An HTML element. Attributes that are null or false are left out; `on...` are listeners. */
function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function svgEl(name, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** Shows `children` in the place of what `host` held; who has the focus and how far tables are scrolled stays. */
function replaceKept(host, ...children) {
  const focus = document.activeElement?.dataset?.focus;
  const scrolled = [...host.querySelectorAll('[data-focus]')].filter((one) => one.scrollLeft > 0).map((one) => [one.dataset.focus, one.scrollLeft]);
  host.replaceChildren(...children);
  const find = (name) => [...host.querySelectorAll('[data-focus]')].find((one) => one.dataset.focus === name && one.offsetParent);
  for (const [name, left] of scrolled) {
    const like = find(name);
    if (like) like.scrollLeft = left;
  }
  if (focus) find(focus)?.focus({ preventScroll: true });
}

// ---- numbers; no line breaks between one and its unit ---------------------------------------

const kNone = '–';

/** Three significant digits, thousands apart: 0.0123, 4.56, 1,230. */
function number(value, digits = 3) {
  if (value === null || value === undefined) return kNone;
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return value.toLocaleString('en-US', { maximumSignificantDigits: digits });
}

function count(value) {
  return value === null || value === undefined ? kNone : Math.round(value).toLocaleString('en-US');
}

function fixed(value, decimals) {
  return value === null || value === undefined ? kNone : value.toFixed(decimals);
}

function percent(share, decimals = 1) {
  return share === null || share === undefined ? kNone : `${(100 * share).toFixed(decimals)}\u00a0%`;
}

function points(difference) {
  return `${signed(100 * difference, 1)} points`;
}

function signed(value, decimals) {
  const text = Math.abs(value).toFixed(decimals);
  if (Number(text) === 0) return text;
  return (value < 0 ? '\u2212' : '+') + text;
}

/** A time as it was set, or on an axis: 5 s, 500 ms. */
function seconds(value, format = number) {
  if (value === null || value === undefined) return kNone;
  if (value === 0) return '0\u00a0s';
  if (value < 0.001) return `${format(value * 1e6)}\u00a0µs`;
  return value < 1 ? `${format(value * 1000)}\u00a0ms` : `${format(value)}\u00a0s`;
}

/** A time as it came out, always with three digits, so that columns of them compare: 3.20 s. */
function timing(value) {
  return seconds(value, (one) => (one < 1000 ? one.toPrecision(3) : number(one)));
}

function clock(value) {
  const whole = Math.round(value);
  const two = (part) => String(part).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** 2048 -> "2k"; sizes that are powers of two are counted in 1,024s. */
function tokens(value) {
  return value < 1024 ? String(value) : `${number(value / 1024)}k`;
}

function rate(qps) {
  return `${fixed(qps, 2)}\u00a0requests/s`;
}

function plural(n, word) {
  return `${count(n)} ${word}${n === 1 ? '' : 's'}`;
}

// ---- theme ---------------------------------------------------------------------------------

/** A button that goes through: as the system, light, dark. The choice is kept where that works. */
function themeSwitch() {
  const themes = ['auto', 'light', 'dark'];
  const button = el('button', { class: 'theme', type: 'button' });
  let theme = 'auto';
  try {
    theme = localStorage.getItem('ringmaster-theme') ?? 'auto';
  } catch {
    // A page opened from a file may have no storage; the switch works all the same.
  }
  const show = () => {
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
  };
  button.addEventListener('click', () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    try {
      localStorage.setItem('ringmaster-theme', theme);
    } catch {
      // As above.
    }
    show();
  });
  if (!themes.includes(theme)) theme = 'auto';
  show();
  return button;
}

// ---- tabs ----------------------------------------------------------------------------------

/** `tabs`: [{id, title, panel}]. Arrow keys move between them; `onChange(id)` after each change. */
function tabList(tabs, selected, onChange) {
  const buttons = tabs.map(({ id, title }) =>
    el('button', { role: 'tab', type: 'button', id: `tab-${id}`, 'aria-controls': `panel-${id}` }, title));
  const select = (index, focus) => {
    tabs.forEach(({ panel }, i) => {
      const isSelected = i === index;
      panel.hidden = !isSelected;
      buttons[i].setAttribute('aria-selected', isSelected);
      buttons[i].tabIndex = isSelected ? 0 : -1;
    });
    if (focus) buttons[index].focus();
    onChange(tabs[index].id);
  };
  buttons.forEach((button, i) => {
    button.addEventListener('click', () => select(i, false));
    button.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const to = step ? (i + step + tabs.length) % tabs.length : { Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      select(to, true);
    });
  });
  tabs.forEach(({ id, title, panel }) => {
    panel.className = 'panel';
    panel.dataset.title = title; // Shown on paper, where there are no tabs.
    panel.id = `panel-${id}`;
    panel.setAttribute('role', 'tabpanel');
    panel.setAttribute('aria-labelledby', `tab-${id}`);
  });
  select(Math.max(0, tabs.findIndex(({ id }) => id === selected)), false);
  return el('div', { class: 'tabs', role: 'tablist' }, buttons);
}

// ---- tables and controls -------------------------------------------------------------------

/** `columns`: [title, cell(row), kind] with kind 'number', 'text' (may break lines) or none. */
function table(columns, rows, { best = null, caption = '' } = {}) {
  return el('div', { class: 'table', tabindex: 0, 'data-focus': `table-${caption}`, role: 'region', 'aria-label': caption || 'Table' },
    el('table', {},
      el('thead', {}, el('tr', {}, columns.map(([title, , kind]) => el('th', { scope: 'col', class: kind }, title)))),
      el('tbody', {}, rows.map((row) =>
        el('tr', { class: row === best ? 'best' : null },
          columns.map(([, cell, kind]) => el('td', { class: kind }, cell(row))))))));
}

function tableBehind(columns, rows, caption) {
  return el('details', { class: 'data' }, el('summary', {}, 'The figures as a table'), table(columns, rows, { caption }));
}

/** A labelled list to choose from; `options`: [[value, text]]. */
function chooser(label, options, selected, onChange) {
  const list = el('select', { 'aria-label': label, 'data-focus': `choose-${label}`, onchange: () => onChange(list.value) },
    options.map(([value, text]) => el('option', { value, selected: String(value) === String(selected) }, text)));
  return el('label', {}, el('span', { 'aria-hidden': 'true' }, label), list);
}

function terms(rows) {
  return el('dl', { class: 'terms' }, rows.map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
}

/** A card with a heading, what the chart says, the chart and the figures behind it. */
function card(title, note, chart, figures, isWide = false) {
  return el('section', { class: isWide ? 'card wide' : 'card' },
    el('h3', {}, title), note ? el('p', {}, note) : null, chart, figures);
}
