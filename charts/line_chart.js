// Lines and points over two axes.

/**
 * series: [{name, style, points: [[x, y]], lines(i)}]; with `base` the area down (or up) to that y is filled.
 * x, y: {title, range: {from, to, isLog}, format(value)}; `isStep` for order categories.
 * marks: [{axis: 'x'|'y', value, text, isBelow}], lines to compare with.
 */
function lineChart({ label, series, x, y, marks = [], height = 300, hasLines = true, canLabel = true }) {
  return chartHost(label, (width) => drawLines({ series, x, y, marks, height, hasLines, canLabel }, width));
}

function drawLines(chart, width) {
  const named = chart.series.filter(({ style, points: list }) => style.isShown && list.length > 0);
  const labelWidth = chart.canLabel && chart.hasLines && width >= 440
    ? Math.min(175, 18 + Math.max(0, ...named.map(({ name }) => textWidth(name)))) : 14;
  const yTicks = scale(chart.y.range, 0, 1).ticks;
  const box = {
    left: 12 + Math.max(...yTicks.map((tick) => textWidth(chart.y.format(tick)))),
    right: width - labelWidth,
    top: 26,
    bottom: chart.height - 40,
  };
  const wanted = Math.max(2, Math.floor((box.right - box.left) / 70));
  const xAt = scale({ ...chart.x.range, wanted }, box.left, box.right);
  const yAt = scale(chart.y.range, box.bottom, box.top);
  const svg = svgEl('svg', { viewBox: `0 0 ${width} ${chart.height}`, height: chart.height });
  drawAxes(svg, chart, box, xAt, yAt, width);
  const found = [];
  // The background first, so that colour lies on it.
  const ordered = [...chart.series].sort((a, b) => Number(a.style.isShown) - Number(b.style.isShown));
  for (const one of ordered) drawSeries(svg, one, chart.hasLines, xAt, yAt, found);
  drawCompared(svg, chart, box, xAt, yAt);
  if (labelWidth > 20) labelEnds(svg, named, box, xAt, yAt);
  if (!chart.hasLines && chart.canLabel) labelPoints(svg, ordered.reverse(), box, xAt, yAt);
  return { svg, marks: found };
}

function drawAxes(svg, chart, box, xAt, yAt, width) {
  for (const tick of yAt.ticks) {
    const at = yAt.at(tick);
    svg.append(svgEl('line', { class: 'axis', x1: box.left, x2: box.right, y1: at, y2: at }),
      textAt(box.left - 6, at + 4, chart.y.format(tick), { 'text-anchor': 'end' }));
  }
  let end = -Infinity;
  for (const tick of chart.x.ticks ?? xAt.ticks) {
    const at = xAt.at(tick);
    const text = chart.x.format(tick);
    const half = textWidth(text) / 2;
    if (at - half < end + 8) continue; // No room beside the last one.
    end = at + half;
    svg.append(svgEl('line', { class: 'axis', x1: at, x2: at, y1: box.bottom, y2: box.bottom + 4 }),
      textAt(at, box.bottom + 17, text, { 'text-anchor': 'middle' }));
  }
  svg.append(textAt(0, 12, chart.y.title), textAt(Math.min(box.right, width), chart.height - 6, chart.x.title, { 'text-anchor': 'end' }));
}

function drawCompared(svg, { marks, series, x, y, hasLines }, box, xAt, yAt) {
  const isWithin = ({ axis, value }) => {
    const { from, to } = axis === 'x' ? x.range : y.range;
    return value >= from && value <= to;
  };
  for (const { axis, value, text, isBelow } of marks.filter(isWithin)) {
    if (axis === 'x') {
      const at = xAt.at(value);
      const isRight = at + textWidth(text) + 8 > box.right;
      svg.append(svgEl('line', { class: 'mark', x1: at, x2: at, y1: box.top - 4, y2: box.bottom }),
        textAt(at + (isRight ? -5 : 5), box.bottom - 6, text, { class: 'haloed', 'text-anchor': isRight ? 'end' : 'start' }));
    } else {
      const at = yAt.at(value);
      // Where there is room: above the top is the title of the axis, below the bottom its numbers.
      const goesBelow = isBelow ? at + 18 < box.bottom : at - 14 < box.top;
      const wide = textWidth(text);
      const lines = [goesBelow ? at + 14 : at - 5, goesBelow ? at - 5 : at + 14].filter((base) => base - 10 > box.top && base + 3 < box.bottom);
      const room = box.right - box.left - wide - 8;
      const tries = Array.from({ length: 13 }, (_, k) => box.left + 4 + (room * k) / 12).flatMap((left) => lines.map((base) => [left, base]));
      const places = series.map(({ points: list }) => alongLine(list.map(([px, py]) => [xAt.at(px), yAt.at(py)]), hasLines)).flat();
      const isFree = ([left, base]) => !places.some(([px, py]) => px > left - 5 && px < left + wide + 5 && py > base - 15 && py < base + 7);
      const [left, base] = tries.find(isFree) ?? [box.left + 4, goesBelow ? at + 14 : at - 5];
      svg.append(svgEl('line', { class: 'mark', x1: box.left, x2: box.right, y1: at, y2: at }), textAt(left, base, text, { class: 'haloed' }));
    }
  }
}

/** The points, and where there are lines places on them, some pixels apart. */
function alongLine(points, hasLines) {
  if (!hasLines) return points;
  return points.flatMap(([x, y], i) => {
    const [nextX, nextY] = points[i + 1] ?? [x, y];
    const steps = 1 + Math.floor(Math.hypot(nextX - x, nextY - y) / 6);
    return Array.from({ length: steps }, (_, k) => [x + ((nextX - x) * k) / steps, y + ((nextY - y) * k) / steps]);
  });
}

function drawSeries(svg, { name, style, points: list, lines, base }, hasLines, xAt, yAt, found) {
  const places = list.map(([x, y]) => [xAt.at(x), yAt.at(y)]);
  if (hasLines && places.length > 1) {
    svg.append(svgEl('path', {
      class: style.isShown ? 'series' : 'series other',
      d: `M${places.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}`,
      style: `stroke:${style.colour}`,
      'stroke-dasharray': style.dash ?? null,
    }));
  }
  if (base !== undefined && places.length > 1) {
    const level = yAt.at(base);
    svg.append(svgEl('path', { d: `M${places[0][0]} ${level}L${places.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}V${level}z`, style: `fill:${style.colour}`, 'fill-opacity': 0.18 }));
  }
  // A shape at every point, or now and then along a smooth curve.
  const every = hasLines && places.length > 40 ? Math.ceil(places.length / 8) : 1;
  places.forEach(([x, y], i) => {
    if (base === undefined && i % every === Math.floor(every / 2)) svg.append(shapeMark(style, x, y, style.isShown ? 4 : 2.5));
    found.push({ x, y, group: name, lines: () => lines(i) });
  });
}

/** Names at the right ends of the lines. */
function labelEnds(svg, named, box, xAt, yAt) {
  const ends = named.map(({ points: list }) => list.at(-1));
  const wanted = ends.map(([, y]) => yAt.at(y));
  const places = spread(wanted, 15, box.top - 8, box.bottom + 4);
  named.forEach(({ name, style }, i) => {
    const x = xAt.at(ends[i][0]);
    svg.append(
      svgEl('path', { d: `M${x + 5} ${wanted[i]}L${box.right + 6} ${places[i]}`, style: `stroke:${style.colour}`, 'stroke-width': 1, fill: 'none', opacity: 0.6 }),
      textAt(box.right + 9, places[i] + 4, clipped(name, 155), { class: 'name' }));
  });
}

/** Names beside single points, where there is room; on the left of those near the right edge. */
function labelPoints(svg, series, box, xAt, yAt) {
  const taken = series.flatMap(({ points: list }) => list.map(([x, y]) => [xAt.at(x) - 5, yAt.at(y) - 5, 10, 10]));
  for (const { name, style, points: list } of series) {
    const [x, y] = [xAt.at(list.at(-1)[0]), yAt.at(list.at(-1)[1])];
    const wide = textWidth(name);
    const tries = [[x + 9, y + 4], [x - 9 - wide, y + 4], [x - wide / 2, y - 10], [x - wide / 2, y + 19]];
    const free = tries.find(([left, base]) => left >= box.left && left + wide <= box.right + 12 &&
      !taken.some(([l, t, w, h]) => left < l + w && l < left + wide && base - 11 < t + h && t < base + 3));
    if (!free) continue;
    taken.push([free[0], free[1] - 11, wide, 14]);
    svg.append(textAt(free[0], free[1], name, { class: style.isShown ? 'name' : null }));
  }
}

function clipped(text, width) {
  if (textWidth(text) <= width) return text;
  let end = text.length;
  while (end > 1 && textWidth(`${text.slice(0, end)}…`) > width) end--;
  return `${text.slice(0, end)}…`;
}
