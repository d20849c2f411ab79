// Options and results of signing images, from and to JavaScript's ways.

import { errorOf } from '../errors.js';
import { witLogTrust } from './policy.js';
import { logged } from './report.js';
import { pairsOf } from './values.js';

/** @typedef {import('../../dist/signer/interfaces/cosignet-signing-signing.js').Options} WitOptions */
/** @typedef {import('../../dist/signer/interfaces/cosignet-signing-signing.js').LogUpload} WitLog */
/** @typedef {import('../../dist/signer/interfaces/cosignet-signing-signing.js').SigningResult} WitResult */
/** @typedef {import('../../dist/signer/interfaces/cosignet-signing-signing.js').Signature} WitSignature */

/**
 * The log that `rekor` names, and what makes its answers believable.
 * @typedef {import('./policy.js').LogTrust & { api?: 'rekor-v1' | 'rekor-v2' }} LogUpload
 */

/**
 * What is left out is as in `cosignet sign`.
 * @typedef {object} SigningOptions
 * @property {Record<string, string>} [annotations]
 * @property {boolean} [recursive] Sign the manifests of an index too.
 * @property {string[]} [identities] What to write for the repository into the payload.
 * @property {Date} [created]
 * @property {LogUpload} [log] Otherwise nothing is logged.
 * @property {'simple' | 'bundle' | 'both'} [form]
 * @property {boolean} [attach] Whether to push it; otherwise it is.
 * @property {boolean} [keepEarlier] Keep this key's earlier signatures, as cosign does.
 * @property {string} [signatureRepository] cosign's `COSIGN_REPOSITORY`.
 */

/**
 * @typedef {object} Signature
 * @property {Uint8Array} payload
 * @property {string} payloadType
 * @property {Uint8Array} signature
 * @property {string} bundle A sigstore bundle v0.3, JSON.
 * @property {import('./report.js').LoggedEntry} [log]
 * @property {string} [logAnnotation] cosign's annotation `dev.sigstore.cosign/bundle`.
 */

/**
 * Where a signature was attached.
 * @typedef {object} Attached
 * @property {string} repository
 * @property {string} [tag]
 * @property {string} manifestDigest
 * @property {'added' | 'replaced' | 'unchanged'} outcome
 */

/**
 * @typedef {object} SignedImage
 * @property {string} repository
 * @property {string} digest
 * @property {Signature[]} signatures
 * @property {Attached[]} attached
 */

/**
 * @param {SigningOptions} options
 * @returns {WitOptions}
 */
export function witOptions(options) {
  const { annotations = {}, recursive = false, identities = [], created, log } = options;
  return {
    annotations: pairsOf(annotations),
    recursive,
    identities,
    ...(created && { created: created.toISOString().replace(/\.\d+Z$/, 'Z') }),
    ...(log && { log: witLog(log) }),
    form: options.form ?? 'simple',
    attachment: attachment(options),
  };
}

/**
 * @param {LogUpload} log
 * @returns {WitLog}
 */
export function witLog({ api = 'rekor-v1', ...trust }) {
  return { api, trust: witLogTrust(trust) };
}

/**
 * The images that were signed: one, or with `recursive` the index and its manifests. The first that was
 * not is an error.
 * @param {WitResult[]} results
 * @returns {SignedImage[]}
 */
export function signedImages(results) {
  return results.map(({ outcome }) => {
    if (outcome.tag === 'err') throw errorOf(outcome.val);
    const { signatures, ...image } = outcome.val;
    return { ...image, signatures: signatures.map(signature) };
  });
}

/**
 * @param {SigningOptions} options
 * @returns {WitOptions['attachment']}
 */
function attachment({ attach = true, keepEarlier = false, signatureRepository }) {
  const earlier = keepEarlier ? 'keep' : 'replace';
  if (!attach) return { tag: 'none' };
  return signatureRepository === undefined
    ? { tag: 'beside-image', val: earlier }
    : { tag: 'repository', val: [signatureRepository, earlier] };
}

/**
 * @param {WitSignature} found
 * @returns {Signature}
 */
function signature({ log, ...rest }) {
  return {
    ...rest,
    ...(log && { log: logged(log.proved) }),
    ...(log?.annotation !== undefined && { logAnnotation: log.annotation }),
  };
}
