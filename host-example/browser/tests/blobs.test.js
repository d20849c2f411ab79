// Files: signed and attested, and those of the real cosigns verified.

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { start } from 'cosignet/offline';
import { bytes, read, text } from './support/data.js';

suite('blobs', () => {
  const artifact = read('cosign/blob/artifact.txt');
  const rules = { keys: [text('cosign/keys/cosign-v2.5.0.pub')] };
  /** @type {import('cosignet/offline').Offline} */
  let cosignet;
  /** @type {import('cosignet/offline').Key} */
  let key;
  before(async () => {
    cosignet = await start();
    key = await cosignet.openKey(read('cosign/keys/cosign-v2.5.0.key'), bytes('hunter2'));
  });
  after(() => cosignet.close());

  for (const kept of [
    'v2.sig',
    'v3.sig',
    'v2-old.bundle',
    'v2-new.sigstore.json',
    'v3-new.sigstore.json',
  ]) {
    test(`verifies ${kept}`, async () => {
      const signature = read(`cosign/blob/${kept}`);
      const report = await cosignet.verifyBlob(rules, artifact, [{ signature }]);
      assert.equal(report.signatures[0]?.keyFingerprint, key.fingerprint);
      await assert.rejects(cosignet.verifyBlob(rules, bytes('other'), [{ signature }]), {
        code: 'no-match',
      });
    });
  }

  test('a file that is read in pieces has the signature of its bytes', async () => {
    const content = new Uint8Array(3_000_001).map((_, index) => index % 251);
    const whole = await cosignet.signBlob(key, content);
    const pieces = await cosignet.signBlob(key, new Blob([content]));
    assert.deepEqual(pieces.signature, whole.signature);
    for (const signature of [whole.signature, whole.bundle, whole.oldBundle ?? '']) {
      await cosignet.verifyBlob(rules, new Blob([content]), [{ signature }]);
    }
  });

  test('attests a file', async () => {
    const predicateType = 'https://slsa.dev/provenance/v1';
    const predicate = '{"builder":"here"}';
    const statement = { predicateType, predicate, name: 'artifact.txt' };
    const { envelope, bundle } = await cosignet.attestBlob(key, artifact, statement);
    for (const signature of [envelope, bundle]) {
      const kept = [{ signature }];
      const report = await cosignet.verifyBlobAttestation(rules, artifact, predicateType, kept);
      assert.equal(report.signatures[0]?.predicateType, predicateType);
    }
    const other = cosignet.verifyBlobAttestation(rules, artifact, 'https://other.example', [
      { signature: bundle },
    ]);
    await assert.rejects(other, { code: 'no-match' });
  });
});
