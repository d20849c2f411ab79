// The examples run, and say what they say they do.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { start } from 'cosignet';
import { startServer } from '../demo/server.js';
import { signWithWebCrypto } from '../examples/webcrypto.js';
import { launch, open } from './support/chromium.js';
import { bytes, read, text } from './support/data.js';
import { pushImage } from './support/images.js';
import { cosign, scratch, startRegistry } from './support/peers.js';

/**
 * @param {string} name
 * @param {string[]} args
 */
function example(name, ...args) {
  const file = new URL(`../examples/${name}`, import.meta.url).pathname;
  return promisify(execFile)(process.execPath, [file, ...args]);
}

test('sign-offline.js', async () => {
  const { stdout } = await example('sign-offline.js');
  assert.match(
    stdout,
    /^to be pushed as registry\.example\/app:sha256-(ab){32}\.sig\nverified sha256:(ab){32}\n$/,
  );
});

test('verify-image.js', async () => {
  const registry = await startRegistry();
  const image = `${registry.host}/web/example`;
  const digest = await pushImage(image);
  const cosignet = await start();
  const key = await cosignet.openKey(read('cosign/keys/cosign-v2.5.0.key'), bytes('hunter2'));
  await cosignet.signImage(key, `${image}:v1`);
  cosignet.close();

  using files = scratch();
  const [pub, wrong] = [join(files.folder, 'cosign.pub'), join(files.folder, 'wrong.pub')];
  writeFileSync(pub, key.pem);
  writeFileSync(wrong, text('cosign/keys/cosign-v3.1.1.pub'));
  const { stdout } = await example('verify-image.js', `${image}:v1`, pub);
  assert.equal(stdout, `deploy ${digest}\n`);
  await assert.rejects(example('verify-image.js', `${image}:v1`, wrong), {
    code: 1,
    stderr:
      /^no-match: no matching signatures\n {2}signature 1: it was made by none of the given keys/,
  });
  await registry.end();
});

test('webcrypto.js, in Node and in Chromium', async () => {
  const registry = await startRegistry();
  const place = `${registry.host}/web/webcrypto`;
  const digest = await pushImage(place);
  const image = `${place}@${digest}`;
  const { stdout } = await example('webcrypto.js', image);
  const [, said, pem] = /\nverified (\S+)\n(-+BEGIN[^]*-+\n)\n$/.exec(stdout) ?? [];
  assert.equal(said, digest);

  const [browser, server] = await Promise.all([launch(), startServer(0)]);
  const { page } = await open(browser, server.url);
  const module = new URL('../dist/signer.js', server.url).href;
  const keys = await page.evaluate(`(async () => {
    const cosignet = await (await import('${module}')).start();
    const { pem } = await (${signWithWebCrypto})(cosignet, '${image}');
    await cosignet.verifyImage({ keys: ['${pem?.replaceAll('\n', '\\n')}', pem], threshold: 2 }, '${image}');
    cosignet.close();
    return [pem];
  })()`);
  await browser.close();
  await server.end();
  using files = scratch();
  for (const key of [pem, .../** @type {string[]} */ (keys)]) {
    const pub = join(files.folder, 'cosign.pub');
    writeFileSync(pub, key ?? '');
    for (const peer of /** @type {const} */ (['cosign2', 'cosign3'])) {
      await cosign(peer, ['verify', '--key', pub, '--insecure-ignore-tlog', image]);
    }
  }
  await registry.end();
});
