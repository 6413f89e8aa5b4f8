// The page of the admin listener, in a browser, before a live fleet.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { forms, noBrowser, openPage, overflow, screenshot, startBrowser } from './browser.mjs';
import { getJson, startFleet, until, words } from './fleet.mjs';

const skip = noBrowser;
let browser = null;
let fleet = null;

const ask = (content) =>
  fleet.client.chat.completions.create({ model: fleet.model, messages: [{ role: 'user', content }], max_tokens: 2 });

before(async () => {
  fleet = await startFleet('--engines', '3', '--shadow', 'round_robin');
  for (let i = 0; i < 12; i++) await ask(words(i % 4, 60));
  if (!skip) browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await fleet?.stop();
});

for (const form of forms) {
  test(`the fleet is shown whole on a ${form.name}`, { skip }, async () => {
    const { page, complaints, requests } = await openPage(browser, `${fleet.admin}/admin/`, form);
    await page.locator('table').first().waitFor();
    await screenshot(page, `fleet-${form.name}`);
    const text = (await page.innerText('main')).replaceAll('\u00a0', ' ');
    assert.match(text, /3 of 3\ninstances healthy/);
    assert.match(text, /Of the last 12 decisions/);
    assert.match(await page.locator('[aria-label="Shadow policy"] tbody').innerText(), /round_robin\s+12/);
    assert.equal(await page.locator('[aria-label="Instances"] tbody tr').count(), 3);
    assert.equal(await page.locator('[aria-label="Last decisions"] tbody tr').count(), 12);
    assert.deepEqual(complaints, []);
    assert.ok(requests.every((url) => url.startsWith(fleet.admin)), `${requests}`);
    assert.ok(await overflow(page) <= 0, 'too wide');
    const hidden = await page.locator('.table').first().evaluate((box) => box.scrollWidth - box.clientWidth);
    if (form.name.startsWith('laptop')) assert.ok(hidden <= 0, `${hidden} pixels of the instances are out of sight`);
    await page.context().close();
  });
}

test('the page follows the fleet', { skip }, async () => {
  const { page } = await openPage(browser, `${fleet.admin}/admin/`);
  const newest = page.locator('[aria-label="Last decisions"] tbody tr:first-child a');
  const before = await newest.innerText();
  await ask(words(99, 60));
  await until('the new decision is shown', async () => (await newest.innerText()) !== before);
  await page.context().close();
});

test('the page stands still when told to', { skip }, async () => {
  const { page } = await openPage(browser, `${fleet.admin}/admin/`, forms[0], (fresh) => fresh.clock.install());
  await page.locator('table').first().waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.clock.runFor(10_000);
  assert.deepEqual(asked, []);
  await page.getByRole('button', { name: 'Go on' }).click();
  await Promise.all([page.waitForRequest('**/admin/instances'), page.clock.runFor(3_000)]);
  await page.context().close();
});

test('a decision leads to all that it was based on', { skip }, async () => {
  const { page } = await openPage(browser, `${fleet.admin}/admin/`);
  const link = page.locator('[aria-label="Last decisions"] tbody tr:first-child a');
  const name = await link.innerText();
  await link.click();
  const card = page.locator('#decision');
  await card.getByRole('heading', { name: `Decision ${name}` }).waitFor();
  await screenshot(page, 'fleet-decision');
  const { candidates, chosen } = await getJson(`${fleet.admin}/admin/decisions/${name}`);
  assert.equal(await card.locator('[aria-label="Candidates"] tbody tr').count(), candidates.length);
  assert.match(await card.locator('[aria-label="Candidates"] tr.best').innerText(), new RegExp(`^${chosen} `));
  assert.match(await card.locator('[aria-label="Candidates"] thead').innerText(), /uncached.*Score/);
  assert.match(await card.locator('[aria-label="Other policies"]').innerText(), /min_ttft/);
  assert.match(await card.locator('[aria-label="Afterwards"]').innerText(), /finished/);
  assert.equal(await card.getByRole('link', { name: '/admin/decisions/' }).getAttribute('href'), `/admin/decisions/${name}`);
  assert.ok(await overflow(page) <= 0, 'too wide');
  await card.getByRole('link', { name: 'Close' }).click();
  await card.waitFor({ state: 'detached' });
  await page.context().close();
});

test('an address that names a decision leads to it, or says that it is not kept', { skip }, async () => {
  const { decisions: [{ id }] } = await getJson(`${fleet.admin}/admin/decisions?limit=1`);
  const { page } = await openPage(browser, `${fleet.admin}/admin/#${id}`, forms[3]);
  await page.getByRole('heading', { name: `Decision ${id}` }).waitFor();
  assert.ok(await overflow(page) <= 0, 'too wide');
  await page.evaluate(() => { location.hash = '#1-99999'; });
  await page.getByText('It is not kept any more').waitFor();
  await page.context().close();
});

test('a gateway that is gone is said to be gone', { skip }, async () => {
  const { page } = await openPage(browser, `${fleet.admin}/admin/`);
  await page.locator('table').first().waitFor();
  await page.route('**/admin/**', (route) => route.abort());
  await page.getByText('The gateway does not answer').waitFor();
  assert.equal(await page.locator('[aria-label="Instances"] tbody tr').count(), 3);
  await page.context().close();
});
