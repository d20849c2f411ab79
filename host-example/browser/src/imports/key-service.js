// `key-service`: a key that is elsewhere, asked through the page. What it answers is believed by nobody:
// the component verifies each signature with the public key before it is used.

import { CosignetError } from '../errors.js';

/**
 * A key service, of whatever kind: a Vault, a cloud's KMS, a token, a signer of one's own.
 * Its functions run in the page. To tell why not, throw a `CosignetError` with the code `not-found`,
 * `denied`, `unavailable` or `unsupported`; anything else is told as `other`. Its words become those of
 * the error of the call: no secrets in them.
 * @typedef {object} KeyService
 * @property {(reference: string) => string | Promise<string>} publicKey The public key of a named key:
 *   SubjectPublicKeyInfo in PEM.
 * @property {(reference: string, digest: Uint8Array) => Uint8Array | Promise<Uint8Array>} signDigest A
 *   signature over the message that has this SHA-256 digest: ECDSA in DER, or RSASSA-PKCS1-v1_5.
 * @property {number} [timeout] Milliseconds that each of them may take; otherwise 60,000.
 */

/**
 * The import, of questions to the page.
 * @param {import('../worker/questions.js').Ask} ask
 * @param {number} [timeout]
 */
export function keyService(ask, timeout = 60_000) {
  return {
    publicKey: (/** @type {string} */ key) =>
      answered(within(timeout, ask('publicKey', key)), isPublicKey, 'a public key in PEM'),
    signDigest: (/** @type {string} */ key, /** @type {Uint8Array} */ digest) =>
      // A copy: what the component lends is its memory.
      answered(within(timeout, ask('signDigest', key, digest.slice())), isSignature, 'a signature'),
  };
}

/**
 * @template T
 * @param {Promise<unknown>} answer
 * @param {(value: unknown) => value is T} isRight
 * @param {string} expected
 * @returns {Promise<T>}
 */
async function answered(answer, isRight, expected) {
  try {
    const value = await answer;
    if (isRight(value)) return value;
    throw new CosignetError('other', `the key service answered something else than ${expected}`);
  } catch (error) {
    const { code, message } = /** @type {CosignetError} */ (error);
    const payload = { tag: cases.includes(code) ? code : 'other', val: message.slice(0, mostSaid) };
    throw Object.assign(new Error(payload.val), { payload });
  }
}

/**
 * @template T
 * @param {number} limit
 * @param {Promise<T>} answer
 * @returns {Promise<T>}
 */
async function within(limit, answer) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    const words = `the key service did not answer within ${limit / 1000} seconds`;
    timer = setTimeout(() => reject(new CosignetError('unavailable', words)), limit);
  });
  try {
    return await Promise.race([answer, /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {unknown} value
 * @returns {value is string}
 */
function isPublicKey(value) {
  return typeof value === 'string' && value.length <= mostPublicKey;
}

/**
 * @param {unknown} value
 * @returns {value is Uint8Array}
 */
function isSignature(value) {
  return value instanceof Uint8Array && value.length <= mostSignature;
}

const cases = ['not-found', 'denied', 'unavailable', 'unsupported'];
const mostPublicKey = 64 * 1024;
const mostSignature = 8 * 1024;
const mostSaid = 500;
