// Images in registries, and entries in a log, over `fetch`: signed here, judged by the real cosigns.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { start } from 'cosignet';
import { start as startOffline } from 'cosignet/offline';
import { startBackend } from '../demo/backend.js';
import { bytes, read, text } from './support/data.js';
import { pushImage, pushIndex } from './support/images.js';
import { cosign, cosignet as program, scratch, startRegistry } from './support/peers.js';

const keyFile = read('cosign/keys/cosign-v2.5.0.key');
const publicKey = text('cosign/keys/cosign-v2.5.0.pub');

suite('images', () => {
  /** @type {import('../demo/backend.js').Backend} */
  let backend;
  /** @type {Awaited<ReturnType<typeof startRegistry>>} */
  let distribution;
  /** @type {import('cosignet').Signer} */
  let cosignet;
  /** @type {import('cosignet/offline').Key} */
  let key;

  before(async () => {
    [backend, distribution] = await Promise.all([startBackend(program), startRegistry()]);
    cosignet = await start({ rekor: { url: backend.log } });
    key = await cosignet.openKey(keyFile, bytes('hunter2'));
  });
  after(async () => {
    cosignet.close();
    await Promise.all([backend.end(), distribution.end()]);
  });

  test('imports what the world says, and no more', () => {
    assert.deepEqual(cosignet.imports, [
      'cosignet:signing/key-service',
      'cosignet:signing/registry',
      'cosignet:signing/registry-push',
      'cosignet:signing/transparency-log',
      'wasi:random/random',
    ]);
  });

  for (const form of /** @type {const} */ (['simple', 'bundle', 'both'])) {
    test(`an image in a real registry, signed in form ${form}, satisfies the cosigns`, async () => {
      const place = `${distribution.host}/web/${form}`;
      const digest = await pushImage(place);
      const annotations = { env: 'prod' };
      const [signed] = await cosignet.signImage(key, `${place}:v1`, { form, annotations });
      assert.equal(signed?.digest, digest);
      assert.ok(signed?.attached.every(({ outcome }) => outcome === 'added'));

      const rules = { keys: [publicKey], annotations };
      const report = await cosignet.verifyImage(rules, `${place}:v1`);
      assert.equal(report.digest, digest);

      using files = scratch();
      const pub = join(files.folder, 'cosign.pub');
      writeFileSync(pub, publicKey);
      const verify = ['verify', '--key', pub, '--insecure-ignore-tlog', '-a', 'env=prod'];
      const image = `${place}@${digest}`;
      if (form !== 'bundle') {
        const [found] = JSON.parse(await cosign('cosign2', [...verify, image]));
        assert.equal(found.critical.image['docker-manifest-digest'], digest);
      }
      await cosign('cosign3', [...verify, image]);

      const wrong = { keys: [text('cosign/keys/cosign-v3.1.1.pub')] };
      await assert.rejects(cosignet.verifyImage(wrong, image), (/** @type {any} */ error) => {
        assert.equal(error.code, 'no-match');
        assert.equal(error.report.signatures[0].code, 'no-trusted-key');
        return true;
      });
    });
  }

  test('signing twice writes once', async () => {
    const image = `${backend.image.split('@')[0]}:latest`;
    const [first] = await cosignet.signImage(key, image);
    const [second] = await cosignet.signImage(key, image);
    assert.equal(first?.attached[0]?.outcome, 'added');
    assert.equal(second?.attached[0]?.outcome, 'unchanged');
    assert.equal(second?.attached[0]?.manifestDigest, first?.attached[0]?.manifestDigest);
  });

  test('what was signed offline is attached without a key', async () => {
    const place = `${distribution.host}/web/offline`;
    const digest = await pushImage(place);
    const offline = await startOffline();
    const own = await offline.openKey(keyFile, bytes('hunter2'));
    const payload = await offline.createPayload({ dockerReference: place, digest });
    const signature = await offline.signPayload(own, payload);
    const image = await offline.buildSignatureImage(digest, [{ payload, signature }]);
    offline.close();
    const reference = `${place}@${digest}`;
    const attached = await cosignet.attachSignature({ reference, payload, signature });
    assert.equal(attached.manifestDigest, image.manifestDescriptor.digest);
    assert.equal(attached.tag, image.tag);
    await cosignet.verifyImage({ keys: [publicKey] }, reference);
  });

  test('a signature is logged, and verified without the log', async () => {
    const log = await (await fetch(`${backend.log}/api/v1/log/publicKey`)).text();
    const place = `${distribution.host}/web/logged`;
    const digest = await pushImage(place);
    const trust = { keys: [log] };
    for (const outcome of ['added', 'unchanged']) {
      const [signed] = await cosignet.signImage(key, `${place}@${digest}`, { log: trust });
      assert.equal(signed?.attached[0]?.outcome, outcome);
      assert.equal(typeof signed?.signatures[0]?.log?.logIndex, 'number');
    }
    const rules = { keys: [publicKey], log: trust };
    const report = await cosignet.verifyImage(rules, `${place}@${digest}`);
    assert.equal(report.signatures[0]?.log?.evidence, 'signed entry timestamp');
    const elsewhere = { keys: [publicKey], log: { keys: [publicKey] } };
    await assert.rejects(cosignet.verifyImage(elsewhere, `${place}@${digest}`), {
      code: 'no-match',
    });
    const blob = await cosignet.signBlob(key, bytes('a file'), trust);
    await cosignet.verifyBlob(rules, bytes('a file'), [{ signature: blob.bundle }]);
  });

  test('reports are those of the command line', async () => {
    const place = `${distribution.host}/web/reports`;
    const digest = await pushImage(place);
    const other = await cosignet.openKey(read('cosign/keys/cosign-v3.1.1.key'), bytes('hunter2'));
    await cosignet.signImage(other, `${place}:v1`, { form: 'both' });
    await cosignet.signImage(key, `${place}:v1`, { annotations: { env: 'prod' } });
    await cosignet.attestImage(key, `${place}:v1`, {
      predicateType: 'https://x.example',
      predicate: '{}',
    });
    await pushIndex(`${place}/index`);
    await cosignet.signImage(key, `${place}/index:many`);
    await pushIndex(`${place}/whole`);
    await cosignet.signImage(key, `${place}/whole:many`, { recursive: true });
    using files = scratch();
    const pub = join(files.folder, 'cosign.pub');
    writeFileSync(pub, publicKey);
    const rules = { keys: [publicKey] };
    const image = `${place}@${digest}`;
    const recursive = { recursive: true };
    const missing = { ...rules, annotations: { env: 'test' } };
    const [index, whole] = [`${place}/index:many`, `${place}/whole:many`];
    for (const [
      args,
      subject,
      verify,
    ] of /** @type {[string[], string, () => Promise<Report>][]} */ ([
      [['verify'], image, () => cosignet.verifyImage(rules, image)],
      [['verify', '-a', 'env=test'], image, () => cosignet.verifyImage(missing, image)],
      [
        ['verify-attestation', '--type', 'https://y.example'],
        image,
        () => cosignet.verifyAttestation(rules, image, 'https://y.example'),
      ],
      [['verify', '-r'], index, () => cosignet.verifyImage(rules, index, recursive)],
      [['verify', '-r'], whole, () => cosignet.verifyImage(rules, whole, recursive)],
    ])) {
      const report = await verify().catch((/** @type {any} */ error) => error.report);
      const all = [...args, '--key', pub, '--insecure-ignore-tlog', '--output', 'report', subject];
      // There is no store here, which the command line may have found a signature in.
      const [{ image: asked, source, ...expected }] = JSON.parse(await reportOf(all)).images;
      assert.equal(asked, subject);
      assert.equal(source, 'registry');
      const own = ['payload', 'code'];
      const plain = JSON.stringify(report, (name, value) =>
        own.includes(name) ? undefined : value,
      );
      assert.deepEqual(JSON.parse(plain), expected, [...args, subject].join(' '));
    }
  });

  test('an attestation is attached and found by its type', async () => {
    const place = `${distribution.host}/web/attested`;
    const digest = await pushImage(place);
    const predicateType = 'https://slsa.dev/provenance/v1';
    const statement = { predicateType, predicate: '{"builder":"here"}' };
    await cosignet.attestImage(key, `${place}@${digest}`, statement);
    const rules = { keys: [publicKey] };
    const report = await cosignet.verifyAttestation(rules, `${place}@${digest}`, predicateType);
    assert.equal(report.signatures[0]?.predicateType, predicateType);
  });

  test('what fails outside says who can mend it', async () => {
    const rules = { keys: [publicKey] };
    const place = `${distribution.host}/web/none`;
    await pushImage(place);
    await assert.rejects(cosignet.verifyImage(rules, `${place}:v1`), { code: 'no-signatures' });
    await assert.rejects(cosignet.verifyImage(rules, `${place}:v2`), { code: 'image-not-found' });
    await assert.rejects(cosignet.verifyImage(rules, '127.0.0.1:9/app:v1'), {
      code: 'registry',
      reason: 'unavailable',
    });
    await assert.rejects(cosignet.signImage(key, 'NO reference'), { code: 'invalid-reference' });
    const created = new Date(NaN);
    await assert.rejects(cosignet.signImage(key, `${place}:v1`, { created }), {
      name: 'CosignetError',
    });
  });
});

/** @typedef {import('cosignet').Report} Report */

/**
 * What the command line prints, whatever its exit code.
 * @param {string[]} args
 * @returns {Promise<string>}
 */
function reportOf(args) {
  return new Promise((resolve) => execFile(program, args, (_, stdout) => resolve(stdout)));
}
