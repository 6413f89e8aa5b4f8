// Bars from the left, one a row, with their names and values written on them.

/** rows: [{name, value, text, style, lines}]; marks: [{value, text}]. */
function barChart({ label, rows, title, marks = [], format }) {
  const rowHeight = 30;
  return chartHost(label, (width) => {
    const top = marks.length > 0 ? 26 : 8;
    const height = top + rows.length * rowHeight + 38;
    const isNarrow = width < 420;
    const nameWidth = isNarrow ? 0 : Math.min(220, 12 + Math.max(...rows.map(({ name }) => textWidth(name))));
    const valueWidth = 12 + Math.max(...rows.map(({ text }) => textWidth(text)));
    const to = Math.max(...rows.map(({ value }) => value), ...marks.map(({ value }) => value), 0) || 1;
    const at = scale({ from: 0, to, wanted: Math.max(2, (width - nameWidth - valueWidth) / 70) }, nameWidth, width - valueWidth);
    const svg = svgEl('svg', { viewBox: `0 0 ${width} ${height}`, height });
    for (const tick of at.ticks) {
      svg.append(svgEl('line', { class: 'axis', x1: at.at(tick), x2: at.at(tick), y1: top, y2: height - 34 }),
        textAt(at.at(tick), height - 20, format(tick), { 'text-anchor': 'middle' }));
    }
    svg.append(textAt(width - valueWidth, height - 4, title, { 'text-anchor': 'end' }));
    for (const { value, text } of marks) {
      const x = at.at(value);
      svg.append(svgEl('line', { class: 'mark', x1: x, x2: x, y1: 16, y2: height - 34 }),
        textAt(x, 11, text, { 'text-anchor': x + textWidth(text) / 2 > width ? 'end' : 'middle' }));
    }
    const found = rows.map((row, i) => drawBar(svg, row, at, top + i * rowHeight, rowHeight, isNarrow, nameWidth));
    return { svg, marks: found };
  });
}

function drawBar(svg, { name, value, text, style, lines }, at, top, rowHeight, isNarrow, nameWidth) {
  const end = at.at(value);
  const barTop = isNarrow ? top + 16 : top + 5;
  const barHeight = isNarrow ? 10 : rowHeight - 10;
  svg.append(
    svgEl('rect', { x: nameWidth, y: barTop, width: Math.max(1, end - nameWidth), height: barHeight, rx: 2, style: `fill:${style.colour}` }),
    isNarrow ? textAt(0, top + 12, name, { class: 'name' })
      : textAt(nameWidth - 8, top + rowHeight / 2 + 4, clipped(name, 210), { class: 'name', 'text-anchor': 'end' }),
    textAt(end + 6, isNarrow ? top + 25 : top + rowHeight / 2 + 4, text, { class: 'strong haloed' }));
  return { x: end, y: barTop + barHeight / 2, group: name, lines: () => lines };
}
