// Keys of the real cosigns, opened, refused and made.

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { start } from 'cosignet/offline';
import { bytes, list, read, text } from './support/data.js';

suite('keys', () => {
  /** @type {import('cosignet/offline').Offline} */
  let cosignet;
  before(async () => void (cosignet = await start()));
  after(() => cosignet.close());

  for (const [file, password, pub] of /** @type {[string, string, string][]} */ ([
    ['cosign-v2.5.0.key', 'hunter2', 'cosign-v2.5.0.pub'],
    ['cosign-v3.1.1.key', 'hunter2', 'cosign-v3.1.1.pub'],
    ['empty-password.key', '', 'empty-password.pub'],
    ['utf8-password.key', 'hé €', 'utf8-password.pub'],
    ['legacy-pemtype-COSIGN.N32768.key', 'hunter2', 'cosign-v2.5.0.pub'],
    ['legacy-pemtype-COSIGN.N65536.key', 'hunter2', 'cosign-v2.5.0.pub'],
    ['owasp.N131072.key', 'hunter2', 'cosign-v2.5.0.pub'],
    ...importedKeys(),
  ])) {
    test(`opens ${file}`, async () => {
      const key = await cosignet.openKey(read(`cosign/keys/${file}`), bytes(password));
      assert.equal(key.pem, text(`cosign/keys/${pub}`));
      await key.close();
    });
  }

  for (const file of list('cosign/keys/bad').filter((name) => name.endsWith('.key'))) {
    test(`refuses ${file}`, async () => {
      await assert.rejects(
        cosignet.openKey(read(`cosign/keys/bad/${file}`), bytes('hunter2')),
        (/** @type {any} */ error) => {
          assert.ok(
            ['malformed', 'unsupported', 'wrong-password', 'too-large'].includes(error.code),
          );
          assert.equal(error.name, 'CosignetError');
          return true;
        },
      );
    });
  }

  test('tells a wrong password, without saying it', async () => {
    const password = bytes('not the password');
    await assert.rejects(
      cosignet.openKey(read('cosign/keys/cosign-v2.5.0.key'), password),
      (/** @type {any} */ error) =>
        error.code === 'wrong-password' && !JSON.stringify(error).includes('not the password'),
    );
    assert.deepEqual(password, bytes('not the password'), "the caller's own is the caller's");
  });

  test('makes a pair that opens with its password alone', async () => {
    const pair = await cosignet.generateKeyPair(bytes('geheim'));
    assert.match(pair.privateKey, /^-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n/);
    const key = await cosignet.openKey(pair.privateKey, bytes('geheim'));
    assert.equal(key.pem, pair.publicKey);
    assert.equal(key.algorithm, 'ecdsa-p256');
    await assert.rejects(cosignet.openKey(pair.privateKey, bytes('Geheim')), {
      code: 'wrong-password',
    });
  });

  test('imports a plain key', async () => {
    const pem = read('cosign/keys/cosign-v2.5.0.decrypted-pkcs8.pem');
    const pair = await cosignet.importKeyPair(pem, bytes('new'));
    assert.equal(pair.publicKey, text('cosign/keys/cosign-v2.5.0.pub'));
  });

  test('a closed key signs nothing', async () => {
    const key = await cosignet.openKey(read('cosign/keys/cosign-v2.5.0.key'), bytes('hunter2'));
    await key.close();
    await assert.rejects(cosignet.signPayload(key, 'x'), { code: 'closed' });
  });

  test('reads a public key, and refuses what is none', async () => {
    const info = await cosignet.readPublicKey(text('cosign/keys/cosign-v2.5.0.pub'));
    assert.match(info.fingerprint, /^[0-9a-f]{64}$/);
    await assert.rejects(cosignet.readPublicKey('no key'), { code: 'malformed' });
  });
});

test('says what it imports, and ends', async () => {
  const cosignet = await start();
  assert.deepEqual(cosignet.imports, ['wasi:random/random']);
  const pending = cosignet.generateKeyPair(bytes('x'));
  cosignet.close();
  await assert.rejects(pending, { code: 'closed' });
  await assert.rejects(cosignet.readPublicKey('x'), { code: 'closed' });
});

test('an argument of another type is said to be one', async () => {
  const cosignet = await start();
  const rules = /** @type {any} */ ({ keys: [42] });
  await assert.rejects(cosignet.verifyDetached(rules, 'r', []), { code: 'invalid-argument' });
  const uncloneable = /** @type {any} */ (() => {});
  await assert.rejects(cosignet.readPublicKey(uncloneable), { code: 'invalid-argument' });
  cosignet.close();
});

/** @returns {[string, string, string][]} */
function importedKeys() {
  const keys = list('cosign/keys/imported').filter((name) => name.endsWith('.key'));
  return keys.map((name) => [
    `imported/${name}`,
    'hunter2',
    `imported/${name.replace('.key', '.pub')}`,
  ]);
}
