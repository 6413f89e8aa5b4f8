// The HTML page of `ringmaster sim --report`, as a browser shows it.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { forms, noBrowser, openPage, overflow, screenshot, startBrowser } from './browser.mjs';
import { run } from './fleet.mjs';

const folder = mkdtempSync(join(tmpdir(), 'ringmaster-report-'));
const skip = noBrowser;
let browser = null;

/** Conversations that take turns, each turn two blocks longer than the one before. */
function writeTrace(name) {
  const lines = [];
  for (let i = 0; i < 600; i++) {
    const conversation = i % 20;
    const blocks = 2 + 2 * (Math.floor(i / 20) % 16);
    const ids = [0, ...Array.from({ length: blocks - 1 }, (_, k) => 1 + conversation * 100 + k)];
    lines.push(JSON.stringify({ timestamp: 250 * i, input_length: blocks * 512, output_length: 10, hash_ids: ids }));
  }
  const path = join(folder, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const talk = writeTrace('talk.jsonl');
const policies = 'ringmaster,dualmap,dualmap:variant=code,min_ttft,round_robin,random,least_loaded,prefix_affinity';

async function writeReport(name, ...args) {
  const path = join(folder, name);
  const { code, stderr } = await run([...args, '--warmup', '50', '--instances', '4', '--report', path]);
  assert.equal(code, 0, stderr);
  return path;
}

let sweep = '';
let search = '';

before(async () => {
  sweep = await writeReport('sweep.html', 'sim', '--trace', talk, '--policy', policies, '--qps', '2,4,6');
  search = await writeReport('search.html', 'sim', 'goodput', '--trace', talk, '--policy', policies);
  if (!skip) browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

const view = (path, hash = '') => pathToFileURL(path).href + hash;

async function textOf(page) {
  return (await page.innerText('main')).replaceAll('\u00a0', ' ');
}

for (const form of forms) {
  test(`every view of a report is whole on a ${form.name}`, { skip }, async () => {
    for (const name of ['overview', 'run', 'pairs', 'conditions']) {
      const { page, complaints, requests } = await openPage(browser, view(search, `#view=${name}`), form);
      const picture = await screenshot(page, `report-${name}-${form.name}`);
      assert.ok(picture.length > 10_000, 'a picture of something');
      assert.deepEqual(complaints, []);
      assert.equal(requests.length, 1, `asked for ${requests}`);
      assert.ok(await overflow(page) <= 0, `${name} is too wide`);
      assert.equal(await page.locator('.panel:not([hidden])').getAttribute('id'), `panel-${name}`);
      const dark = await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches);
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(ground, dark ? 'rgb(18, 21, 24)' : 'rgb(246, 247, 248)');
      await page.context().close();
    }
  });
}

test('a search leads with who carries most, and shows its goodput and bound', { skip }, async () => {
  const { page } = await openPage(browser, view(search));
  const text = await textOf(page);
  assert.match(await page.innerText('h1'), /carr(y|ies)/);
  assert.match(text, /On talk\.jsonl: [\d.]+ requests\/s against [\d.]+ of \S+, while at least 90 % of the requests/);
  assert.match(text, /550 counted requests · 4 instances, all alike · qwen2\.5-7b@910b4/);
  for (const title of ['Goodput', 'Requests in time, by rate', 'P90 time to first token, by rate', 'Caching against balance']) {
    assert.ok(text.includes(title), title);
  }
  await page.context().close();
});

test('a sweep leads with the highest rate at which the target is still met', { skip }, async () => {
  const { page } = await openPage(browser, view(sweep));
  const text = await textOf(page);
  assert.match(text, /On talk\.jsonl at [\d.]+ requests\/s, next best being/);
  assert.match(text, /95 % interval/);
  assert.doesNotMatch(text, /goodput of/);
  await page.context().close();
});

test('one rate has distribution, lengths, load and the worst requests with their reasons', { skip }, async () => {
  const { page } = await openPage(browser, view(sweep, '#view=run&rate=6'));
  const text = await textOf(page);
  for (const title of ['Time to first token, at 6.00 requests/s', 'In time, by prompt length', 'Load of each instance over time']) {
    assert.ok(text.includes(title), title);
  }
  const rows = page.locator('.panel:not([hidden]) > div > .card tbody tr');
  assert.equal(await rows.count(), 20);
  assert.match(await rows.first().innerText(), /home/);
  assert.match(text, /continued_prompt_home\s+[^\s\d]\S* \S+ \S+ \S+/); // And what that means.
  await page.context().close();
});

test('a page per pair tells who is in time with which, and turns around', { skip }, async () => {
  const { page } = await openPage(browser, view(sweep, '#view=pairs&first=0&second=5&rate=6'));
  const difference = async () => Number(/In time: ([+\u2212]?[\d.]+) points/.exec(await textOf(page))[1].replace('\u2212', '-'));
  const forth = await difference();
  assert.notEqual(forth, 0);
  await page.getByLabel('First', { exact: true }).selectOption('5');
  assert.equal(await page.getByLabel('Second', { exact: true }).inputValue(), '0');
  assert.equal(await difference(), -forth);
  assert.match(page.url(), /first=5/);
  await page.context().close();
});

test('conditions say what was assumed and how to repeat the run', { skip }, async () => {
  const { page } = await openPage(browser, view(sweep, '#view=conditions'));
  const text = await textOf(page);
  assert.match(text, /What was assumed/);
  assert.match(text, /Decoding costs nothing/);
  assert.match(text, /ringmaster sim --trace \S+talk\.jsonl .*--qps 2,4,6/);
  await page.context().close();
});

test('everything can be reached by the keyboard', { skip }, async () => {
  const { page, complaints } = await openPage(browser, view(sweep));
  await page.getByRole('tab', { name: 'Overview' }).focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'At one rate');
  await page.locator('.panel:not([hidden]) .chart').first().focus();
  await page.keyboard.press('ArrowRight');
  const first = await page.locator('.tip').innerText();
  assert.match(first, /of the requests within/);
  await page.keyboard.press('ArrowRight');
  assert.notEqual(await page.locator('.tip').innerText(), first);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.tip').isVisible(), false);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('a pointer near a point shows its figures', { skip }, async () => {
  const { page } = await openPage(browser, view(sweep));
  await page.locator('.chart').first().hover();
  assert.match(await page.locator('.tip').innerText(), /TTFT target met/);
  await page.context().close();
});

test('a policy can be put into the background and the theme be switched', { skip }, async () => {
  const { page } = await openPage(browser, view(sweep));
  const chip = page.locator('.panel:not([hidden]) .legend button').first();
  await chip.click();
  assert.equal(await chip.getAttribute('aria-pressed'), 'false');
  await page.getByRole('button', { name: 'Theme: auto' }).click();
  await page.getByRole('button', { name: 'Theme: light' }).click();
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(18, 21, 24)');
  await page.context().close();
});

test('a link followed leads to what it names, a broken one to the overview', { skip }, async () => {
  const { page, complaints } = await openPage(browser, view(sweep));
  const follow = (hash) => page.evaluate((to) => { location.hash = to; }, hash);
  await follow('#view=pairs&first=2&second=3&rate=4');
  await page.locator('#panel-pairs:not([hidden])').waitFor();
  assert.equal(await page.getByLabel('First', { exact: true }).inputValue(), '2');
  await follow('#view=nonsense&trace=99&first=-1&rate=abc&shown=x.99');
  await page.locator('#panel-overview:not([hidden])').waitFor();
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('every chart has its figures as a table', { skip }, async () => {
  for (const name of ['overview', 'run', 'pairs']) {
    const { page } = await openPage(browser, view(search, `#view=${name}`));
    const charts = page.locator('.panel:not([hidden]) .card:has(.chart)');
    const tables = page.locator('.panel:not([hidden]) .card:has(.chart) details.data table');
    assert.ok(await charts.count() >= 2);
    assert.equal(await tables.count(), await charts.count());
    await page.context().close();
  }
});

test('on paper all views are there', { skip }, async () => {
  const { page } = await openPage(browser, view(sweep));
  await page.emulateMedia({ media: 'print' });
  for (const id of ['overview', 'run', 'pairs', 'conditions']) assert.ok(await page.locator(`#panel-${id}`).isVisible(), id);
  const pdf = await page.pdf();
  assert.ok(pdf.length > 50_000);
  await page.context().close();
});

test('a hostile file name stays text', { skip }, async () => {
  const path = await writeReport('hostile.html', 'sim', '--qps', '3', '--policy', 'dualmap,random',
    '--trace', writeTrace('<img src=x onerror=document.title=1><script>document.title=2<|script>.jsonl'));
  const { page, complaints } = await openPage(browser, view(path));
  assert.equal(await page.title(), 'Policies compared: ringmaster sim');
  assert.equal(await page.locator('img').count(), 0);
  assert.match(await textOf(page), /<img src=x/);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('a single policy that never meets the target has a page too', { skip }, async () => {
  const path = await writeReport('never.html', 'sim', 'goodput', '--trace', talk, '--policy', 'random', '--slo-ttft', '1us');
  for (const name of ['overview', 'run', 'pairs', 'conditions']) {
    const { page, complaints } = await openPage(browser, view(path, `#view=${name}`));
    assert.equal(await page.innerText('h1'), 'No policy meets the target at any rate');
    assert.deepEqual(complaints, []);
    await page.context().close();
  }
});

test('equal inputs give equal bytes', async () => {
  const args = ['equal.html', 'sim', '--trace', talk, '--policy', 'dualmap,random', '--qps', '3,4'];
  const first = readFileSync(await writeReport(...args));
  assert.deepEqual(readFileSync(await writeReport(...args)), first);
});

test('several seeds are shown as their mean, with an interval', { skip }, async () => {
  const path = await writeReport('seeds.html', 'sim', 'goodput', '--trace', talk, '--policy', 'dualmap,min_ttft', '--seed', '1,2,3', '--jitter', '0.5');
  const data = JSON.parse(/<script[^>]*id="data"[^>]*>([^]*?)<\/script>/.exec(readFileSync(path, 'utf8'))[1]);
  const [{ policies: found }] = data.traces;
  assert.deepEqual(found.map(({ name }) => name), ['dualmap', 'min_ttft']);
  for (const { goodput_half_width: width, points } of found) {
    assert.ok(width >= 0);
    assert.equal(points.length, 5);
  }
  assert.match(data.conditions.find(([name]) => name === 'Seed')[1], /^means of 3; .* of seed 1$/);
  const { page, complaints } = await openPage(browser, view(path));
  assert.match(await textOf(page), /\d ± \d/); // In the table behind the chart, or on its bars.
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('a large sweep stays a page that can be sent', async () => {
  const rates = Array.from({ length: 60 }, (_, i) => (1 + i / 10).toFixed(1)).join(',');
  const path = await writeReport('large.html', 'sim', '--trace', talk, '--policy', policies, '--qps', rates);
  assert.ok(statSync(path).size < 8_000_000, `${statSync(path).size} bytes`);
});

test('what no report can be made of is refused', async () => {
  const refusal = async (...args) => {
    const { code, stderr } = await run(['sim', '--trace', talk, '--warmup', '50', '--report', join(folder, 'no.html'), ...args]);
    assert.equal(code, 2);
    return stderr;
  };
  const rates = Array.from({ length: 1001 }, (_, i) => 1 + i / 1000).join(',');
  assert.match(await refusal('--qps', rates), /--report: expected at most 1000 runs, found 1001/);
  assert.match(await refusal('--qps', '1', '--resume', join(folder, 'kept')), /--report: --resume keeps results only/);
  assert.match(await refusal('--trace', talk, '--qps', '1'), /--report: expected traces of different names, found talk\.jsonl twice/);
});
