// What all charts share: scales, axes, labels that do not cover each other, and one way to look at
// single marks, by pointer or by arrow keys.

const kColours = 6;
const kShapes = ['circle', 'square', 'diamond', 'triangle', 'turned', 'cross'];

/** How the series at a place is drawn; `isShown`: in colour, not in the background. */
function styleOf(place, isShown = true) {
  return {
    colour: isShown ? `var(--c${place % kColours})` : 'var(--other)',
    shape: kShapes[(place + Math.floor(place / kColours)) % kShapes.length],
    isShown,
  };
}

function shapePath(shape, x, y, r) {
  const d = r * 1.25;
  switch (shape) {
    case 'square': return `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`;
    case 'diamond': return `M${x} ${y - d}L${x + d} ${y}L${x} ${y + d}L${x - d} ${y}z`;
    case 'triangle': return `M${x} ${y - d}L${x + d} ${y + r}H${x - d}z`;
    case 'turned': return `M${x} ${y + d}L${x + d} ${y - r}H${x - d}z`;
    case 'cross': return `M${x - r} ${y - r / 3}h${r * 0.67}v${-r * 0.67}h${r * 0.67}v${r * 0.67}h${r * 0.67}v${r * 0.67}h${-r * 0.67}v${r * 0.67}h${-r * 0.67}v${-r * 0.67}h${-r * 0.67}z`;
    default: return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
  }
}

function shapeMark(style, x, y, r = 4) {
  return svgEl('path', { d: shapePath(style.shape, x, y, r), style: `fill:${style.colour};stroke:var(--card)` });
}

function keyOf(style) {
  return svgEl('svg', { width: 26, height: 14, 'aria-hidden': 'true' },
    svgEl('line', { x1: 0, x2: 26, y1: 7, y2: 7, style: `stroke:${style.colour}`, 'stroke-width': 2 }),
    shapeMark(style, 13, 7, 4));
}

// ---- scales --------------------------------------------------------------------------------

/** Round steps that cover [from, to] with about `wanted` of them. */
function ticksOf(from, to, wanted) {
  if (!(to > from)) return [from];
  const raw = (to - from) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999);
  const ticks = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/** 1, 2 and 5 times the powers of ten within [from, to]; the powers alone if these are many. */
function logTicksOf(from, to) {
  const factors = Math.log10(to / from) > 2.6 ? [1] : [1, 2, 5];
  const ticks = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++) {
    for (const factor of factors) {
      const tick = Number((factor * 10 ** power).toPrecision(6));
      if (tick >= from * 0.999 && tick <= to * 1.001) ticks.push(tick);
    }
  }
  return ticks;
}

/** {at(value), domain, ticks}; values outside are drawn at the edge. */
function scale({ from, to, isLog = false, wanted = 5 }, start, end) {
  const map = isLog ? Math.log : (value) => value;
  const [low, high] = [map(from), map(to)];
  return {
    at: (value) => {
      const clamped = Math.min(Math.max(value, from), to);
      return high > low ? start + ((map(clamped) - low) / (high - low)) * (end - start) : (start + end) / 2;
    },
    ticks: isLog ? logTicksOf(from, to) : ticksOf(from, to, wanted),
  };
}

/** The smallest range with round ends that holds all values. */
function niceRange(values, { isLog = false, atLeast = [] } = {}) {
  const all = [...values, ...atLeast].filter((value) => Number.isFinite(value) && (!isLog || value > 0));
  if (all.length === 0) return { from: isLog ? 0.1 : 0, to: 1, isLog };
  let [from, to] = [Math.min(...all), Math.max(...all)];
  if (isLog) {
    const down = (value) => [5, 2, 1].map((f) => f * 10 ** Math.floor(Math.log10(value))).find((tick) => tick <= value * 1.001);
    const up = (value) => [1, 2, 5, 10].map((f) => f * 10 ** Math.floor(Math.log10(value))).find((tick) => tick >= value * 0.999);
    [from, to] = [down(from), up(to)];
    if (from === to) to *= 10;
    return { from, to, isLog };
  }
  if (from === to) [from, to] = [from - Math.abs(from) * 0.1 - 0.05, to + Math.abs(to) * 0.1 + 0.05];
  const step = ticksOf(from, to, 5)[1] - ticksOf(from, to, 5)[0] || to - from;
  return { from: Math.floor(from / step + 1e-9) * step, to: Math.ceil(to / step - 1e-9) * step, isLog };
}

/** Vertical places for labels: as near to where they belong as their height allows. */
function spread(wanted, height, top, bottom) {
  const order = wanted.map((y, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  const placed = [];
  for (const i of order) placed.push({ from: wanted[i], members: [i] });
  // Groups that overlap become one, centred on the mean of what its members want.
  for (let changed = true; changed;) {
    changed = false;
    for (let g = 0; g + 1 < placed.length; g++) {
      const [a, b] = [placed[g], placed[g + 1]];
      if (centre(a) + (a.members.length * height) / 2 <= centre(b) - (b.members.length * height) / 2 + 0.01) continue;
      placed.splice(g, 2, { members: [...a.members, ...b.members] });
      changed = true;
    }
  }
  function centre(group) {
    const half = (group.members.length * height) / 2;
    const mean = group.members.reduce((sum, i) => sum + wanted[i], 0) / group.members.length;
    return Math.min(Math.max(mean, top + half), Math.max(bottom - half, top + half));
  }
  const result = [];
  for (const group of placed) {
    group.members.forEach((i, k) => {
      result[i] = centre(group) + (k - (group.members.length - 1) / 2) * height;
    });
  }
  return result;
}

// ---- drawing and looking -------------------------------------------------------------------

let tip = null;

function showTip(lines, x, y) {
  if (!tip) {
    tip = el('div', { class: 'tip', role: 'status' });
    document.body.append(tip);
  }
  tip.replaceChildren(el('b', {}, lines[0]), ...lines.slice(1).map((line) => el('div', {}, line)));
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const left = x + 14 + box.width > innerWidth ? x - 14 - box.width : x + 14;
  tip.style.left = `${Math.max(4, Math.min(left, innerWidth - box.width - 4))}px`;
  tip.style.top = `${Math.max(4, Math.min(y - box.height - 10, innerHeight - box.height - 4))}px`;
}

function hideTip() {
  if (tip) tip.hidden = true;
}

addEventListener('scroll', hideTip, { passive: true });

const redraws = new WeakMap();
const observer = new ResizeObserver((entries) => {
  for (const { target } of entries) redraws.get(target)?.();
});
addEventListener('beforeprint', () => {
  for (const host of document.querySelectorAll('.chart')) redraws.get(host)?.(680);
});
addEventListener('afterprint', () => {
  for (const host of document.querySelectorAll('.chart')) redraws.get(host)?.();
});

/**
 * A chart that draws itself anew when its width changes. `draw(width)` gives {svg, marks}, marks
 * being {x, y, lines, group}: what a pointer near it, or an arrow key, shows. Left and right go
 * through a group's marks, up and down through the groups.
 */
function chartHost(label, draw) {
  const host = el('div', { class: 'chart', tabindex: 0, role: 'group', 'aria-label': `${label}. Arrow keys go through its points.` });
  let marks = [];
  let current = -1;
  let halo = null;
  let drawnWidth = 0;

  const redraw = (forced = 0) => {
    const width = forced || Math.floor(host.clientWidth);
    if (width === 0 || width === drawnWidth) return;
    drawnWidth = width;
    const drawn = draw(width);
    marks = drawn.marks;
    current = -1;
    halo = svgEl('path', { class: 'halo', d: '' });
    drawn.svg.append(halo);
    drawn.svg.setAttribute('aria-hidden', 'true');
    host.replaceChildren(drawn.svg);
  };
  const look = (index) => {
    current = index;
    const mark = marks[index];
    const box = host.getBoundingClientRect();
    const ratio = box.width / drawnWidth;
    halo.setAttribute('d', mark.box ? `M${mark.box[0]} ${mark.box[1]}h${mark.box[2]}v${mark.box[3]}h${-mark.box[2]}z` : shapePath('circle', mark.x, mark.y, 7));
    showTip(mark.lines(), box.left + mark.x * ratio, box.top + mark.y * ratio);
  };
  const leave = () => {
    current = -1;
    halo?.setAttribute('d', '');
    hideTip();
  };
  const nearest = (x, y, candidates = marks.keys()) => {
    let best = -1;
    let least = Infinity;
    for (const i of candidates) {
      const distance = (marks[i].x - x) ** 2 + (marks[i].y - y) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  };
  host.addEventListener('pointermove', (event) => {
    const box = host.getBoundingClientRect();
    const index = nearest(event.clientX - box.left, event.clientY - box.top);
    if (index >= 0) look(index);
  });
  host.addEventListener('pointerleave', leave);
  host.addEventListener('blur', leave);
  host.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') return leave();
    if (!event.key.startsWith('Arrow') || marks.length === 0) return undefined;
    event.preventDefault();
    return look(current < 0 ? 0 : neighbour(marks, current, event.key, nearest));
  });
  redraws.set(host, redraw);
  observer.observe(host);
  return host;
}

function neighbour(marks, current, key, nearest) {
  const { group, x, y } = marks[current];
  if (key === 'ArrowLeft' || key === 'ArrowRight') {
    const to = current + (key === 'ArrowRight' ? 1 : -1);
    return marks[to]?.group === group ? to : current;
  }
  const groups = [...new Set(marks.map((mark) => mark.group))];
  const to = groups[groups.indexOf(group) + (key === 'ArrowDown' ? 1 : -1)];
  if (to === undefined) return current;
  return nearest(x, y, [...marks.keys()].filter((i) => marks[i].group === to));
}

function textAt(x, y, text, attributes = {}) {
  return svgEl('text', { x, y, ...attributes }, text);
}

let ruler = null;

/** Width in pixels of a chart's text. */
function textWidth(text) {
  ruler ??= document.createElement('canvas').getContext('2d');
  ruler.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  return ruler.measureText(text).width;
}
