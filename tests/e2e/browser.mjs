// A headless Chromium for the tests of HTML pages, in the four forms that people see them in.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

// Chromium would otherwise look for updates and fail, over and over, where there is no network.
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

function findChromium() {
  for (const name of [process.env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'].filter(Boolean)) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch {
      // The next one, then.
    }
  }
  return null;
}

const executablePath = findChromium();

/** For `{ skip }` of a test: false, or the reason that node prints. */
export const noBrowser = executablePath ? false : 'chromium not found: scripts/setup installs it';

export const forms = [
  { name: 'laptop-light', width: 1280, height: 800, colorScheme: 'light' },
  { name: 'laptop-dark', width: 1280, height: 800, colorScheme: 'dark' },
  { name: 'phone-light', width: 390, height: 844, colorScheme: 'light' },
  { name: 'phone-dark', width: 390, height: 844, colorScheme: 'dark' },
];

export function startBrowser() {
  return chromium.launch({ executablePath, args: flags });
}

/**
 * A page that notes what it complains of and what it asks for: {page, complaints, requests}.
 * `prepare(page)` comes before it is loaded.
 */
export async function openPage(browser, url, { width, height, colorScheme } = forms[0], prepare = () => {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  const page = await context.newPage();
  const complaints = [];
  const requests = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.stack));
  page.on('request', (request) => requests.push(request.url()));
  await prepare(page);
  await page.goto(url);
  return { page, complaints, requests };
}

/** How many pixels of the page lie outside of the window, to the right. */
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

/** The whole page as a PNG's bytes; kept under $RINGMASTER_SCREENSHOTS, if that is set. */
export async function screenshot(page, name) {
  const folder = process.env.RINGMASTER_SCREENSHOTS;
  if (folder) mkdirSync(folder, { recursive: true });
  return page.screenshot({ fullPage: true, path: folder ? join(folder, `${name}.png`) : undefined });
}
