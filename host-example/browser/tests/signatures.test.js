// Payloads, signatures and signature images of the real cosigns: made alike, verified, refused.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { start } from 'cosignet/offline';
import { bytes, list, read, text } from './support/data.js';

const vectors = 'cosign/legacy-sig';
const image = sha256(read('cosign/image/manifest.json'));

suite('signatures', () => {
  /** @type {import('cosignet/offline').Offline} */
  let cosignet;
  /** @type {import('cosignet/offline').Key} */
  let key;
  before(async () => {
    cosignet = await start();
    key = await cosignet.openKey(read('cosign/keys/cosign-v2.5.0.key'), bytes('hunter2'));
  });
  after(() => cosignet.close());

  for (const name of list(vectors)) {
    test(`verifies ${name}, and makes the same payload`, async () => {
      const signed = read(`${vectors}/${name}/payload-0.json`);
      const content = await cosignet.parsePayload(signed);
      const report = await cosignet.verifyDetached(
        { keys: [text(publicKeyOf(name))], annotations: content.annotations },
        `${content.dockerReference.split('@')[0]}@${content.digest}`,
        [{ payload: signed, signature: text(`${vectors}/${name}/signature-0.b64`) }],
      );
      assert.equal(report.verified, true);
      assert.equal(report.digest, content.digest);
      const [only] = report.signatures;
      assert.equal(only?.counted, true);
      assert.deepEqual(only?.payload, signed);
      // Of text that was no UTF-8 cosign writes an escape that no text leads to.
      if (!unlike.includes(name)) {
        assert.deepEqual(await cosignet.createPayload(content), signed);
      }
    });
  }

  test("the signature image has the bytes of cosign's", async () => {
    const folder = `${vectors}/v2.5.0-plain`;
    const payload = read(`${folder}/payload-0.json`);
    const signature = Uint8Array.from(atob(text(`${folder}/signature-0.b64`).trim()), (c) =>
      c.charCodeAt(0),
    );
    const built = await cosignet.buildSignatureImage(image, [{ payload, signature }]);
    assert.equal(text(`${folder}/manifest.json`), new TextDecoder().decode(built.manifest));
    assert.equal(text(`${folder}/config.json`), new TextDecoder().decode(built.config));
    assert.equal(built.tag, `${image.replace(':', '-')}.sig`);
    assert.equal(built.manifestDescriptor.digest, sha256(built.manifest));
    assert.equal(built.manifestDescriptor.size, built.manifest.length);
  });

  test('signs what it verifies, the same twice', async () => {
    const content = {
      dockerReference: 'r.example/app',
      digest: image,
      annotations: { env: 'prod' },
    };
    const payload = await cosignet.createPayload(content);
    const signature = await cosignet.signPayload(key, payload);
    assert.deepEqual(await cosignet.signPayload(key, payload), signature);
    const rules = { keys: [key.pem], annotations: { env: 'prod' } };
    const report = await cosignet.verifyDetached(rules, `r.example/app@${image}`, [
      { payload, signature },
    ]);
    assert.equal(report.signatures[0]?.keyFingerprint, key.fingerprint);
    assert.deepEqual(report.signatures[0]?.annotations, { env: 'prod' });
  });

  for (const [what, code, change] of /** @type {[string, string, (signed: Signed) => void][]} */ ([
    ['a tampered payload', 'no-trusted-key', (signed) => void signed.payload.fill(48, 30, 31)],
    ['a wrong key', 'no-trusted-key', (signed) => (signed.rules.keys = [text(other)])],
    ['another image', 'other-image', (signed) => (signed.digest = sha256(bytes('another')))],
    [
      'a missing annotation',
      'annotation-mismatch',
      (signed) => (signed.rules.annotations = { env: 'prod' }),
    ],
    [
      'another repository',
      'other-identity',
      (signed) => (signed.rules.identity = { exact: 'elsewhere.example/app' }),
    ],
    ['an entry of no log', 'not-logged', (signed) => (signed.rules.log = { publicGood: true })],
  ])) {
    test(`refuses ${what}`, async () => {
      const folder = `${vectors}/v2.5.0-plain`;
      /** @type {Signed} */
      const signed = {
        payload: read(`${folder}/payload-0.json`),
        digest: image,
        rules: { keys: [key.pem] },
      };
      change(signed);
      await assert.rejects(
        cosignet.verifyDetached(signed.rules, `r.example/app@${signed.digest}`, [
          { payload: signed.payload, signature: text(`${folder}/signature-0.b64`) },
        ]),
        (/** @type {any} */ error) => {
          assert.equal(error.code, 'no-match');
          assert.equal(error.report.verified, false);
          assert.equal(error.report.counted, 0);
          assert.equal(error.report.signatures[0].code, code);
          return true;
        },
      );
    });
  }

  test('no signature, no key and an impossible threshold are errors of their own', async () => {
    const reference = `r.example/app@${image}`;
    await assert.rejects(cosignet.verifyDetached({ keys: [key.pem] }, reference, []), {
      code: 'no-signatures',
    });
    await assert.rejects(cosignet.verifyDetached({ keys: [] }, reference, []), { code: 'no-keys' });
    const rules = { keys: [key.pem], threshold: 2 };
    await assert.rejects(cosignet.verifyDetached(rules, reference, []), {
      code: 'impossible-threshold',
    });
  });
});

/**
 * @typedef {object} Signed
 * @property {Uint8Array} payload
 * @property {string} digest
 * @property {import('cosignet/offline').Rules} rules
 */

/** Payloads that say more than `createPayload` can be told. */
const unlike = ['v2.5.0-record-creation-timestamp', 'v2.5.0-annotations-escapes'];

const other = 'cosign/keys/cosign-v3.1.1.pub';

/** @param {string} name */
function publicKeyOf(name) {
  const type = /^keytype-(.*)-v[23]/.exec(name)?.[1];
  return type ? `cosign/keys/imported/${type}.pub` : 'cosign/keys/cosign-v2.5.0.pub';
}

/** @param {Uint8Array} content */
function sha256(content) {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
