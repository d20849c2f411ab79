// Makes a key pair, signs an image by its digest, and verifies the signature: no request is sent.
// Usage: node examples/sign-offline.js [REPOSITORY@DIGEST]

import { start } from 'cosignet/offline';

const [reference = `registry.example/app@sha256:${'ab'.repeat(32)}`] = process.argv.slice(2);
const [dockerReference = '', digest = ''] = reference.split('@');
const password = () => new TextEncoder().encode('correct horse battery staple');

const cosignet = await start();
try {
  const pair = await cosignet.generateKeyPair(password());
  const key = await cosignet.openKey(pair.privateKey, password());
  const annotations = { env: 'prod' };
  const payload = await cosignet.createPayload({ dockerReference, digest, annotations });
  const signature = await cosignet.signPayload(key, payload);
  const image = await cosignet.buildSignatureImage(digest, [{ payload, signature }]);
  console.log(`to be pushed as ${dockerReference}:${image.tag}`);

  const rules = { keys: [pair.publicKey], annotations };
  const report = await cosignet.verifyDetached(rules, reference, [{ payload, signature }]);
  console.log(`verified ${report.digest}`);
} finally {
  cosignet.close();
}
