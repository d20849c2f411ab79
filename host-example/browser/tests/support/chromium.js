// A real Chromium, and what it asked whom for.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

/** Where Debian has it, or where the variable says. */
const program = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** @returns {Promise<import('playwright-core').Browser>} */
export async function launch() {
  if (!existsSync(program)) {
    throw new Error(`${program} is missing: apt-get install chromium, or name one in CHROMIUM`);
  }
  // Chromium has no sandbox of its own for root, whom containers run as.
  return chromium.launch({ executablePath: program, chromiumSandbox: process.getuid?.() !== 0 });
}

/**
 * A page at an address, with the requests of it and of its workers, and what it complained of.
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
export async function open(browser, url, options) {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  /** @type {string[]} */
  const requests = [];
  /** @type {string[]} */
  const complaints = [];
  context.on('request', (request) => requests.push(`${request.method()} ${request.url()}`));
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(url);
  await page.waitForSelector('body[data-ready]');
  return { page, requests, complaints, close: () => context.close() };
}
