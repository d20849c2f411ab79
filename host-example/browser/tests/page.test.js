// The demo page in a real Chromium: the whole story, by keyboard and by mouse, and who was asked for what.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import axe from 'axe-core';
import { startBackend } from '../demo/backend.js';
import { startServer } from '../demo/server.js';
import { launch, open } from './support/chromium.js';
import { text } from './support/data.js';
import { pushImage } from './support/images.js';
import { cosign, cosignet, scratch, startRegistry } from './support/peers.js';

const keyFile = text('cosign/keys/cosign-v2.5.0.key');
const publicKey = text('cosign/keys/cosign-v2.5.0.pub');
const shots = process.env['COSIGNET_SCREENSHOTS'];

suite('the page', () => {
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let server;
  /** @type {import('../demo/backend.js').Backend} */
  let backend;
  /** @type {Awaited<ReturnType<typeof startRegistry>>} */
  let distribution;

  before(async () => {
    [browser, server, backend, distribution] = await Promise.all([
      launch(),
      startServer(0),
      startBackend(cosignet),
      startRegistry(),
    ]);
  });
  after(async () => {
    await browser.close();
    await Promise.all([server.end(), backend.end(), distribution.end()]);
  });

  test('signs, saves and verifies without a request', async () => {
    const { page, requests, complaints, close } = await open(browser, server.url);
    const loaded = requests.length;
    assert.ok(
      requests.every((request) => request.startsWith(`GET ${new URL(server.url).origin}/`)),
    );
    assert.deepEqual(await page.locator('#offline-imports li').allTextContents(), [
      'wasi:random/random',
    ]);

    await openKey(page, 'not the password');
    await says(page, '#key-outcome', /the password is wrong/);
    assert.equal(await page.locator('#password').inputValue(), '', 'the field is emptied');
    assert.equal(await page.locator('[aria-invalid=true]:focus').getAttribute('id'), 'password');
    assert.ok(await page.locator('#sign-now').isDisabled());

    await openKey(page, 'hunter2');
    await says(page, '#key-outcome', /^Open: ecdsa-p256/);
    assert.equal(await page.locator('#public-key').textContent(), publicKey);

    const digest = `sha256:${'ab'.repeat(32)}`;
    await page.fill('#image', `r.example/app@${digest}`);
    await page.fill('#annotations', 'env=prod');
    await page.press('#annotations', 'Enter');
    await says(page, '#sign-outcome', /^Signed\. .*r\.example\/app:sha256-(ab){32}\.sig$/);
    const payload = await page.locator('#payload').textContent();
    assert.equal(JSON.parse(payload ?? '').optional.env, 'prod');
    const manifest = JSON.parse((await page.locator('#manifest').textContent()) ?? '');
    const signature = await page.locator('#signature').textContent();
    assert.equal(manifest.layers[0].annotations['dev.cosignproject.cosign/signature'], signature);

    await page.click('#verify button.primary');
    await says(page, '#verify-outcome', `Verified: ${digest}`);
    const report = JSON.parse((await page.locator('#report').textContent()) ?? '');
    assert.equal(report.signatures[0].counted, true);
    assert.deepEqual(report.signatures[0].annotations, { env: 'prod' });
    const found = await page.locator('#found li').allTextContents();
    assert.match(found.join(), /^✓ Signature 1 counts: simple signing, by the key [0-9a-f]{12}…$/);

    await page.fill('#kept-payload', (payload ?? '').replace('prod', 'test'));
    await page.click('#verify button.primary');
    await says(page, '#verify-outcome', 'no matching signatures');
    assert.match((await page.locator('#report').textContent()) ?? '', /over other bytes/);

    await page.fill('#kept-payload', payload ?? '');
    await page.fill('#trusted-key', text('cosign/keys/cosign-v3.1.1.pub'));
    await page.click('#verify button.primary');
    await says(page, '#verify-outcome', 'no matching signatures');

    using files = scratch();
    const signatureFile = await download(page, '#save-signature', files.folder);
    const payloadFile = await download(page, '#save-payload', files.folder);
    const bundleFile = await download(page, '#save-bundle', files.folder);
    const pub = join(files.folder, 'cosign.pub');
    writeFileSync(pub, publicKey);
    await cosign('cosign2', [
      ...['verify-blob', '--key', pub, '--insecure-ignore-tlog'],
      ...['--signature', signatureFile, payloadFile],
    ]);
    await cosign('cosign3', [
      ...['verify-blob', '--key', pub, '--insecure-ignore-tlog', '--new-bundle-format'],
      ...['--bundle', bundleFile, payloadFile],
    ]);

    assert.deepEqual(requests.slice(loaded), [], 'nothing left the page');
    assert.deepEqual(complaints, []);
    await close();
  });

  test('a new pair signs a file, which is verified', async () => {
    const { page, requests, complaints, close } = await open(browser, server.url);
    const loaded = requests.length;
    await page.fill('#password', 'geheim');
    await page.click('#make-key');
    await says(page, '#key-outcome', /It is new: save it\. SHA-256 /);
    const file = { name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('a file') };
    await page.setInputFiles('#file', file);
    await page.click('#sign-now');
    await says(page, '#sign-outcome', 'Signed.');
    assert.ok(await page.locator('#push').isHidden());
    await page.setInputFiles('#verify-file', file);
    await page.click('#verify button.primary');
    await says(page, '#verify-outcome', /^Verified: sha256:/);
    await page.setInputFiles('#verify-file', { ...file, buffer: Buffer.from('another') });
    await page.click('#verify button.primary');
    await says(page, '#verify-outcome', 'no matching signatures');
    assert.deepEqual(requests.slice(loaded), []);
    assert.deepEqual(complaints, []);
    await close();
  });

  test('what is dropped is read', async () => {
    const { page, close } = await open(browser, server.url);
    const dropped = await page.evaluateHandle((content) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([content], 'cosign.key'));
      return transfer;
    }, keyFile);
    await page.dispatchEvent('#key-file', 'drop', { dataTransfer: dropped });
    await page.waitForFunction(
      (content) => document.querySelector('textarea')?.value === content,
      keyFile,
    );
    await close();
  });

  test('pushes to a real registry, as the cosigns verify', async () => {
    const place = `${distribution.host}/web/page`;
    const digest = await pushImage(place);
    const { page, requests, complaints, close } = await open(browser, server.url);
    await signImage(page, `${place}@${digest}`);
    const before = requests.length;
    await page.click('#push');
    await says(
      page,
      '#push-outcome',
      new RegExp(`^Pushed, added: ${place}:sha256-.*\\.sig sha256:`),
    );
    const asked = requests.slice(before).filter((one) => !one.includes(new URL(server.url).host));
    assert.ok(asked.length > 0);
    assert.ok(asked.every((one) => one.includes(`http://${distribution.host}/v2/web/page/`)));

    await page.click('#verify-registry');
    await says(page, '#verify-outcome', `Verified: ${digest}`);
    using files = scratch();
    const pub = join(files.folder, 'cosign.pub');
    writeFileSync(pub, publicKey);
    for (const peer of /** @type {const} */ (['cosign2', 'cosign3'])) {
      await cosign(peer, ['verify', '--key', pub, '--insecure-ignore-tlog', `${place}@${digest}`]);
    }
    // The one complaint is the browser's own, of the answer that there is no signature image yet.
    assert.ok(
      complaints.every((one) => one.includes('404')),
      complaints.join(),
    );
    await close();
  });

  test('logs and pushes to the embedded log and registry', async () => {
    const logKey = await (await fetch(`${backend.log}/api/v1/log/publicKey`)).text();
    const asked = new URLSearchParams({
      image: backend.image,
      log: backend.log,
      'log-key': logKey,
    });
    const { page, close } = await open(browser, `${server.url}#${asked}`, { colorScheme: 'dark' });
    await signImage(page, backend.image);
    await page.click('#logging summary');
    await page.fill('#log-password', 'hunter2');
    await page.click('#push');
    await says(page, '#push-outcome', /^Logged as entry \d+\. Pushed, added: /);
    await page.click('#verify-registry');
    await says(page, '#verify-outcome', /^Verified: /);
    if (shots) await shoot(page, shots);
    await close();
  });

  test('a registry that lets no page read it is told so', async () => {
    const { page, close } = await open(browser, server.url);
    await signImage(page, `127.0.0.1:9/app@sha256:${'ab'.repeat(32)}`);
    await page.click('#push');
    await says(page, '#push-outcome', /cannot be reached, or it does not let pages/);
    await close();
  });

  test('the page answers while a key is opened', async () => {
    const { page, close } = await open(browser, server.url);
    await page.fill('#key-file', keyFile);
    await page.fill('#password', 'hunter2');
    const { longest, whole } = await page.evaluate(async () => {
      const begin = performance.now();
      let [longest, last] = [0, begin];
      document.querySelector('form')?.requestSubmit();
      while (!document.querySelector('#key-outcome')?.classList.contains('good')) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      }
      return { longest, whole: last - begin };
    });
    assert.ok(longest < whole / 2, `the page stood still for ${longest} of ${whole} ms`);
    await close();
  });

  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    test(`axe finds nothing that hinders anybody, ${colorScheme}`, async () => {
      const viewport = { width: 380, height: 800 };
      const options = { colorScheme, viewport };
      const { page, close } = await open(browser, server.url, options);
      await hindersNobody(page);
      await openKey(page, 'not the password');
      await says(page, '#key-outcome', /the password is wrong/);
      await hindersNobody(page);
      await signImage(page, `r.example/app@sha256:${'ab'.repeat(32)}`);
      for (const summary of await page.locator('summary').all()) {
        if (await summary.isVisible()) await summary.click();
      }
      await page.fill('#kept-payload', '{}');
      await page.click('#verify button.primary');
      await says(page, '#verify-outcome', 'no matching signatures');
      await hindersNobody(page);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.equal(width, viewport.width, 'nothing is wider than the page');
      await close();
    });
  }

  test('no script but its own runs', async () => {
    const { page, close } = await open(browser, server.url);
    const policy = (await page.request.get(server.url)).headers()['content-security-policy'] ?? '';
    assert.ok(!/unsafe-(inline|eval)/.test(policy.replace("'wasm-unsafe-eval'", '')), policy);
    // Not `evaluate`, which the policy does not meet.
    const ran = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.body.dataset.foreign = "ran"';
      document.body.append(script);
      return document.body.dataset['foreign'];
    });
    assert.equal(ran, undefined);
    for (const path of [
      '/package.json',
      '/src/../package.json',
      '/demo/%2e%2e/package.json',
      '/tests/',
    ]) {
      const answer = await fetch(new URL(path, server.url));
      assert.equal(answer.status, 404, path);
    }
    await close();
  });
});

/**
 * @param {import('playwright-core').Page} page
 * @param {string} password
 */
async function openKey(page, password) {
  await page.fill('#key-file', keyFile);
  await page.fill('#password', password);
  await page.press('#password', 'Enter');
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} reference
 */
async function signImage(page, reference) {
  await openKey(page, 'hunter2');
  await says(page, '#key-outcome', /^Open/);
  await page.fill('#image', reference);
  await page.click('#sign-now');
  await says(page, '#sign-outcome', /^Signed/);
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} outcome
 * @param {string | RegExp} expected
 */
async function says(page, outcome, expected) {
  const settled = page.locator(`${outcome}.good, ${outcome}.bad`);
  await settled.waitFor({ timeout: 20_000 });
  const words = await page.locator(outcome).evaluate((found) => /** @type {any} */ (found).value);
  if (typeof expected === 'string') assert.equal(words, expected);
  else assert.match(words, expected);
}

/**
 * WCAG 2.2 AA, as far as a program can tell.
 * @param {import('playwright-core').Page} page
 */
async function hindersNobody(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => /** @type {any} */ (globalThis).axe.run());
  assert.deepEqual(
    violations.map((/** @type {any} */ { id, nodes }) => [
      id,
      nodes.map((/** @type {any} */ one) => one.html),
    ]),
    [],
  );
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} id
 * @param {string} folder
 */
async function download(page, id, folder) {
  const file = join(folder, id.slice(1));
  const coming = page.waitForEvent('download');
  await page.click(id);
  await (await coming).saveAs(file);
  assert.ok(readFileSync(file).length > 0);
  return file;
}

/**
 * Pictures for the docs.
 * @param {import('playwright-core').Page} page
 * @param {string} folder
 */
async function shoot(page, folder) {
  mkdirSync(folder, { recursive: true });
  await page.setViewportSize({ width: 1280, height: 1400 });
  for (const colorScheme of /** @type {const} */ (['dark', 'light'])) {
    await page.emulateMedia({ colorScheme });
    const path = join(folder, `page-${colorScheme}.jpg`);
    const clip = { x: 0, y: 0, width: 1280, height: 1400 };
    await page.screenshot({ path, type: 'jpeg', quality: 60, fullPage: true, clip });
  }
}
