// What the worker can be asked with the `signer` world, besides what it can be with `offline`.

import { errorOf } from '../errors.js';
import { signedImages, witLog, witOptions } from '../calls/signing.js';
import { unverifiedIndex } from '../calls/report.js';
import { bytesOf } from '../calls/values.js';
import { OfflineCalls, blobFiles } from './offline-calls.js';

/** @typedef {import('../component/signer.js').Exports} Exports */
/** @typedef {import('../calls/policy.js').Rules} Rules */
/** @typedef {import('../calls/signing.js').SigningOptions} SigningOptions */
/** @typedef {import('./blob.js').Content} Content */

/** The calls, by name. */
export class SignerCalls extends OfflineCalls {
  #signer;

  /** @param {Exports} component */
  constructor(component) {
    super(component);
    this.#signer = component;
  }

  /**
   * @param {number} key
   * @param {string} reference
   * @param {SigningOptions} options
   */
  async signImage(key, reference, options) {
    const { signing } = this.#signer;
    const signed = await signing.signImages(this.#with(key), [reference], witOptions(options));
    return signedImages(signed);
  }

  /**
   * @param {number} key
   * @param {string} reference
   * @param {import('../offline.js').Statement} statement
   * @param {SigningOptions} options
   */
  async attestImage(key, reference, { predicateType, predicate }, options) {
    const { signing } = this.#signer;
    const content = { predicateType, content: bytesOf(predicate) };
    const signed = await signing.attestImages(
      this.#with(key),
      [reference],
      content,
      witOptions(options),
    );
    return signedImages(signed);
  }

  /**
   * @param {import('../signer.js').ForeignSignature} signature
   * @param {string | undefined} repository
   */
  attachSignature({ reference, payload, signature, logEntry }, repository) {
    const foreign = { reference, payload: bytesOf(payload), signature: bytesOf(signature) };
    return this.#signer.signing.attachSignature(
      { ...foreign, ...(logEntry !== undefined && { logEntry: bytesOf(logEntry) }) },
      repository,
    );
  }

  /**
   * @param {Rules} rules
   * @param {string} reference
   * @param {import('../signer.js').VerificationOptions} options
   */
  verifyImage(rules, reference, options) {
    const { verification } = this.#signer;
    return this.judging('signature', rules, async (policy) =>
      only('signature', await verification.verifyImages(policy, [reference], witPlace(options))),
    );
  }

  /**
   * @param {Rules} rules
   * @param {string} reference
   * @param {string} predicateType
   * @param {import('../signer.js').VerificationOptions} options
   */
  verifyAttestation(rules, reference, predicateType, options) {
    const { verification } = this.#signer;
    return this.judging('attestation', rules, async (policy) =>
      only(
        'attestation',
        await verification.verifyAttestations(
          policy,
          predicateType,
          [reference],
          witPlace(options),
        ),
      ),
    );
  }

  /**
   * @override
   * @param {number} key
   * @param {Content} content
   * @param {import('../calls/signing.js').LogUpload} [log]
   */
  async signBlob(key, content, log) {
    if (!log) return super.signBlob(key, content);
    const { blobSigning } = this.#signer;
    const signer = this.#with(key);
    return this.withBlob(blobSigning.newBlob(signer), content, async (blob) => {
      const { signature, files } = await blobSigning.signBlob(signer, blob, witLog(log));
      return { signature, ...blobFiles(files) };
    });
  }

  /** @param {number} key */
  #with(key) {
    return { tag: /** @type {const} */ ('private-key'), val: this.key(key) };
  }
}

/**
 * @param {import('../signer.js').VerificationOptions} options
 */
function witPlace({ signatureRepository, recursive = false }) {
  return { recursive, ...(signatureRepository !== undefined && { signatureRepository }) };
}

/**
 * The one result; an error as the component would have thrown it.
 * @param {import('../calls/report.js').Kind} kind
 * @param {{ tag: 'ok', val: any }[] | { tag: string, val: any }[]} results
 */
function only(kind, [result]) {
  if (result?.tag === 'ok') return result.val;
  const found = result?.val;
  if (found?.tag === 'manifests') {
    throw errorOf({ tag: found.tag }, { report: unverifiedIndex(kind, found.val) });
  }
  throw Object.assign(new Error(found?.tag), { payload: found });
}
