// Keys that stay where they are: asked through the page, and believed by nobody.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { CosignetError, start } from 'cosignet';
import { startServer } from '../demo/server.js';
import { launch, open } from './support/chromium.js';
import { bytes, text } from './support/data.js';
import { pushImage } from './support/images.js';
import { cosign, scratch, startRegistry } from './support/peers.js';
import { startSigner } from './support/signer.js';

const release = { service: 'release' };

suite('key services', () => {
  /** @type {Awaited<ReturnType<typeof startRegistry>>} */
  let distribution;
  before(async () => void (distribution = await startRegistry()));
  after(() => distribution.end());

  for (const kind of ['ecdsa-p256', 'rsa2048']) {
    test(`${kind}: images, files and statements satisfy the cosigns`, async () => {
      using signer = await startSigner(kind);
      const place = `${distribution.host}/web/${kind}`;
      const image = `${place}@${await pushImage(place)}`;
      const cosignet = await start({ keyService: signer });
      await cosignet.signImage(release, image, { form: 'both' });
      const predicateType = 'https://slsa.dev/provenance/v1';
      const statement = { predicateType, predicate: '{}' };
      await cosignet.attestImage(release, image, statement);
      const content = bytes('a file');
      const { signature, bundle } = await cosignet.signBlob(release, content);
      const attested = await cosignet.attestBlob(release, content, statement);
      assert.ok(signer.asked.length > 0 && signer.asked.every((name) => name === 'release'));

      const rules = { keys: [signer.pem] };
      await cosignet.verifyImage(rules, image);
      await cosignet.verifyAttestation(rules, image, predicateType);
      await cosignet.verifyBlob(rules, content, [{ signature }]);
      await cosignet.verifyBlobAttestation(rules, content, predicateType, [
        { signature: attested.bundle },
      ]);
      cosignet.close();

      using files = scratch();
      const [pub, file, kept] = ['cosign.pub', 'file', 'bundle'].map((name) =>
        join(files.folder, name),
      );
      if (!pub || !file || !kept) return assert.fail();
      writeFileSync(pub, signer.pem);
      writeFileSync(file, content);
      writeFileSync(kept, bundle);
      for (const peer of /** @type {const} */ (['cosign2', 'cosign3'])) {
        await cosign(peer, ['verify', '--key', pub, '--insecure-ignore-tlog', image]);
      }
      await cosign('cosign3', [
        ...['verify-blob', '--key', pub, '--insecure-ignore-tlog', '--new-bundle-format'],
        ...['--bundle', kept, file],
      ]);
    });
  }

  test('what a service does not do is told by its own word', async () => {
    /** @type {unknown} */
    let thrown;
    const refuse = () => {
      throw thrown;
    };
    const cosignet = await start({ keyService: { publicKey: refuse, signDigest: refuse } });
    for (const [code, reason] of [
      ['not-found', 'not-found'],
      ['denied', 'denied'],
      ['unavailable', 'unavailable'],
      ['unsupported', 'unsupported'],
      ['constructor', 'other'],
    ]) {
      thrown = new CosignetError(code ?? '', 'the token was left at home');
      await assert.rejects(cosignet.signBlob(release, bytes('x')), {
        code: 'key-service',
        reason,
        message: 'the token was left at home',
      });
    }
    for (thrown of [new TypeError('left at home'), 'left at home', undefined]) {
      await assert.rejects(cosignet.signBlob(release, bytes('x')), {
        code: 'key-service',
        reason: 'other',
      });
    }
    cosignet.close();
  });

  test('what it answers is bounded, in time and in form', async () => {
    using signer = await startSigner('ecdsa-p256');
    /** @type {any} */
    let answer;
    const keyService = { ...signer, signDigest: () => answer, timeout: 2000 };
    const cosignet = await start({ keyService });
    const signing = () => cosignet.signBlob(release, bytes('x'));
    for (answer of ['a text', undefined, new Uint8Array(9000), () => {}]) {
      await assert.rejects(signing, { code: 'key-service', reason: 'other' });
    }
    const other = await startSigner('ecdsa-p256');
    for (answer of [new Uint8Array(70), await other.signDigest('x', new Uint8Array(32))]) {
      await assert.rejects(signing, { code: 'bad-signature' });
    }
    other[Symbol.dispose]();
    cosignet.close();

    const never = { ...signer, signDigest: () => new Promise(() => {}), timeout: 50 };
    const late = await start({ keyService: /** @type {any} */ (never) });
    await assert.rejects(late.signBlob(release, bytes('x')), {
      code: 'key-service',
      reason: 'unavailable',
      message: /within 0\.05 seconds/,
    });
    // The worker waits for nothing any more.
    await late.readPublicKey(text('cosign/keys/cosign-v2.5.0.pub'));
    late.close();
  });

  test('where none is lent there is none', async () => {
    const cosignet = await start();
    await assert.rejects(cosignet.signBlob(release, bytes('x')), {
      code: 'key-service',
      reason: 'unsupported',
    });
    cosignet.close();
  });

  test('in Chromium, with a service behind the page', async () => {
    using signer = await startSigner('ecdsa-p256');
    const place = `${distribution.host}/web/from-page`;
    const image = `${place}@${await pushImage(place)}`;
    const [browser, server] = await Promise.all([launch(), startServer(0)]);
    const { page } = await open(browser, server.url);
    await page.exposeFunction('signDigest', async (/** @type {number[]} */ digest) => [
      ...(await signer.signDigest('release', new Uint8Array(digest))),
    ]);
    const module = new URL('../dist/signer.js', server.url).href;
    const digest = await page.evaluate(
      async ({ module, image, pem }) => {
        const { start } = await import(module);
        const { signDigest } = /** @type {any} */ (globalThis);
        const cosignet = await start({
          keyService: {
            publicKey: () => pem,
            signDigest: async (/** @type {string} */ _, /** @type {Uint8Array} */ digest) =>
              new Uint8Array(await signDigest([...digest])),
          },
        });
        await cosignet.signImage({ service: 'release' }, image);
        const report = await cosignet.verifyImage({ keys: [pem] }, image);
        cosignet.close();
        return report.digest;
      },
      { module, image, pem: signer.pem },
    );
    await browser.close();
    await server.end();
    assert.equal(`${place}@${digest}`, image);
  });
});
