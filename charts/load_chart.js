// Load over time: a row per instance, a column per period, darker where more is pending.

const kLevels = 12;

/** rows: [{name, values}]; all of the same length. `to`: the value of the darkest; lines(row, i). */
function loadChart({ label, rows, period, to, lines }) {
  return chartHost(label, (width) => {
    const rowHeight = rows.length > 16 ? 8 : rows.length > 8 ? 12 : 16;
    const nameWidth = 10 + Math.max(...rows.map(({ name }) => textWidth(name)));
    const height = rows.length * rowHeight + 38;
    const columns = rows[0].values.length;
    const cell = (width - nameWidth) / columns;
    const svg = svgEl('svg', { viewBox: `0 0 ${width} ${height}`, height });
    drawCells(svg, rows, { to, nameWidth, cell, rowHeight });
    const everyName = Math.ceil(14 / rowHeight);
    rows.forEach(({ name }, i) => {
      if (i % everyName === 0) svg.append(textAt(nameWidth - 6, (i + 0.5) * rowHeight + 4, name, { 'text-anchor': 'end' }));
    });
    drawTime(svg, { nameWidth, width, height, span: columns * period });
    return { svg, marks: cellMarks(rows, { nameWidth, cell, rowHeight }, lines) };
  });
}

/** One path per shade and not one element per cell: there may be thousands. */
function drawCells(svg, rows, { to, nameWidth, cell, rowHeight }) {
  const paths = Array.from({ length: kLevels + 1 }, () => '');
  rows.forEach(({ values }, row) => {
    values.forEach((value, i) => {
      // By the square root: small differences matter most where little is pending.
      const level = Math.min(kLevels, Math.round(kLevels * Math.sqrt(value / to)));
      if (level > 0) paths[level] += `M${(nameWidth + i * cell).toFixed(1)} ${row * rowHeight}h${(cell + 0.3).toFixed(1)}v${rowHeight - 1}h${-(cell + 0.3).toFixed(1)}z`;
    });
  });
  paths.forEach((d, level) => {
    if (d) svg.append(svgEl('path', { d, style: 'fill:var(--heat)', 'fill-opacity': (level / kLevels).toFixed(2) }));
  });
  svg.append(svgEl('path', { class: 'axis', fill: 'none', d: `M${nameWidth} 0h${cell * rows[0].values.length}v${rows.length * rowHeight}h${-cell * rows[0].values.length}z` }));
}

function drawTime(svg, { nameWidth, width, height, span }) {
  const wanted = Math.max(2, Math.floor((width - nameWidth) / 90));
  // Steps that people count time in: seconds, minutes, hours.
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
  const step = steps.find((one) => span / one <= wanted) ?? 86400 * Math.ceil(span / 86400 / wanted);
  for (let time = 0; time <= span; time += step) {
    const x = nameWidth + ((width - nameWidth) * time) / span;
    const anchor = time === 0 ? 'start' : x + textWidth(clock(time)) / 2 > width ? 'end' : 'middle';
    svg.append(textAt(x, height - 22, clock(time), { 'text-anchor': anchor }));
  }
  svg.append(textAt(width, height - 4, 'time since the first counted arrival', { 'text-anchor': 'end' }));
}

function cellMarks(rows, { nameWidth, cell, rowHeight }, lines) {
  return rows.flatMap(({ name, values }, row) => values.map((value, i) => ({
    x: nameWidth + (i + 0.5) * cell,
    y: (row + 0.5) * rowHeight,
    box: [nameWidth + i * cell, row * rowHeight, cell, rowHeight - 1],
    group: name,
    lines: () => lines(row, i),
  })));
}

/** What the shades mean. */
function loadKey(to, format) {
  const cells = Array.from({ length: kLevels }, (_, i) =>
    svgEl('rect', { x: i * 12, y: 0, width: 12, height: 12, style: 'fill:var(--heat)', 'fill-opacity': ((i + 1) / kLevels).toFixed(2) }));
  return el('p', { class: 'small soft' }, 'Pending prefill of an instance: 0 ',
    svgEl('svg', { width: kLevels * 12, height: 12, role: 'img', 'aria-label': 'light to dark' }, cells), ` ${format(to)} and more`);
}
