// What one key signed is found and taken away, and others' stays, in the embedded registry and in CNCF's.

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { start } from 'cosignet';
import { startBackend } from '../demo/backend.js';
import { bytes, read } from './support/data.js';
import { pushImage } from './support/images.js';
import { cosignet as program, startRegistry } from './support/peers.js';

const predicateType = 'https://slsa.dev/provenance/v1';

suite('cleaning', () => {
  /** @type {import('../demo/backend.js').Backend} */
  let backend;
  /** @type {Awaited<ReturnType<typeof startRegistry>>} */
  let distribution;
  /** @type {import('cosignet').Signer} */
  let cosignet;
  /** @type {import('cosignet').Key} */
  let own;
  /** @type {import('cosignet').Key} */
  let other;

  before(async () => {
    [backend, distribution, cosignet] = await Promise.all([
      startBackend(program),
      startRegistry(),
      start(),
    ]);
    own = await cosignet.openKey(read('cosign/keys/cosign-v2.5.0.key'), bytes('hunter2'));
    other = await cosignet.openKey(read('cosign/keys/cosign-v3.1.1.key'), bytes('hunter2'));
  });
  after(async () => {
    cosignet.close();
    await Promise.all([backend.end(), distribution.end()]);
  });

  for (const [name, hostOf] of /** @type {[string, () => string][]} */ ([
    ['the embedded registry', () => backend.image.split('/')[0] ?? ''],
    ["CNCF's", () => distribution.host],
  ])) {
    test(`in ${name}`, async () => {
      const place = `${hostOf()}/web/cleaned`;
      const image = `${place}@${await pushImage(place)}`;
      for (const key of [own, other]) {
        await cosignet.signImage(key, image, { form: 'both' });
        await cosignet.attestImage(key, image, { predicateType, predicate: '{}' });
      }
      const signatures = await cosignet.findOwnWork(own.pem, image, { kind: 'signature' });
      assert.deepEqual(
        signatures.map(({ kind, repository, tag, count }) => [kind, repository, !!tag, count]),
        [
          ['signature', place, true, 1],
          ['signature', place, false, 1],
        ],
      );
      const all = await cosignet.findOwnWork(own.pem, image);
      assert.ok(all.length > signatures.length);
      await cosignet.verifyImage({ keys: [own.pem] }, image);

      assert.deepEqual(await cosignet.removeOwnWork(own.pem, image), all);
      assert.deepEqual(await cosignet.findOwnWork(own.pem, image), []);
      assert.deepEqual(await cosignet.removeOwnWork(own.pem, image), []);
      await assert.rejects(cosignet.verifyImage({ keys: [own.pem] }, image), { code: 'no-match' });
      await cosignet.verifyImage({ keys: [other.pem], formats: 'simple-signing' }, image);
      await cosignet.verifyImage({ keys: [other.pem], formats: 'bundles' }, image);
      await cosignet.verifyAttestation({ keys: [other.pem] }, image, predicateType);
    });
  }

  test('what is no key, and no image, is said to be none', async () => {
    const place = `${distribution.host}/web/not-cleaned`;
    await pushImage(place);
    await assert.rejects(cosignet.removeOwnWork('no key', `${place}:v1`), {
      code: 'invalid-option',
    });
    await assert.rejects(cosignet.removeOwnWork(own.pem, `${place}:v2`), {
      code: 'image-not-found',
    });
  });

  test('a key of another worker is not taken for one of this', async () => {
    const elsewhere = await start();
    const key = await elsewhere.openKey(read('cosign/keys/cosign-v3.1.1.key'), bytes('hunter2'));
    for (const use of [
      () => cosignet.signPayload(key, 'x'),
      () => cosignet.signBlob(key, bytes('x')),
      () => cosignet.signImage(key, `${distribution.host}/web/not-cleaned:v1`),
    ]) {
      await assert.rejects(use, { code: 'invalid-argument' });
    }
    elsewhere.close();
  });
});
