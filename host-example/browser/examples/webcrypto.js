// Signs an image with a key of WebCrypto, which cannot be exported. WebCrypto signs messages, not digests, so
// it cannot be a `keyService`; the payload is such a message.
// Usage: node examples/webcrypto.js IMAGE@DIGEST

import { fileURLToPath } from 'node:url';
import { start } from 'cosignet';

/**
 * Makes a key, signs and attaches. It needs nothing from around it: a page can do the same.
 * @param {import('cosignet').Signer} cosignet
 * @param {string} reference
 */
export async function signWithWebCrypto(cosignet, reference) {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, false, ['sign']);
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey));
  const base64 = btoa(String.fromCharCode(...spki)).replace(/.{64}/g, '$&\n');
  const { pem } = await cosignet.readPublicKey(
    `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`,
  );

  const [dockerReference = '', digest = ''] = reference.split('@');
  const payload = await cosignet.createPayload({ dockerReference, digest });
  const message = /** @type {Uint8Array<ArrayBuffer>} */ (payload);
  const pair = new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, message));
  // WebCrypto writes the two numbers side by side; DER says how long each is, and that it is positive.
  const numbers = [pair.subarray(0, 32), pair.subarray(32)].flatMap((number) => {
    const digits = [...number.subarray(number.findIndex((byte) => byte !== 0))];
    if ((digits[0] ?? 0) >= 0x80) digits.unshift(0);
    return [0x02, digits.length, ...digits];
  });
  const signature = new Uint8Array([0x30, numbers.length, ...numbers]);
  return { pem, ...(await cosignet.attachSignature({ reference, payload, signature })) };
}

const [self, reference] = process.argv.slice(1);
if (self === fileURLToPath(import.meta.url)) {
  if (!reference) throw new Error('usage: webcrypto.js IMAGE@DIGEST');
  const cosignet = await start();
  try {
    const { pem, repository, tag } = await signWithWebCrypto(cosignet, reference);
    const report = await cosignet.verifyImage({ keys: [pem] }, reference);
    console.log(`signed as ${repository}:${tag}\nverified ${report.digest}\n${pem}`);
  } finally {
    cosignet.close();
  }
}
