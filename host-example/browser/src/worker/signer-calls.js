// What the worker can be asked with the `signer` world, besides what it can be with `offline`.

import { errorOf } from '../errors.js';
import { signedImages, witLog, witOptions } from '../calls/signing.js';
import { unverifiedIndex } from '../calls/report.js';
import { bytesOf } from '../calls/values.js';
import { OfflineCalls, blobFiles } from './offline-calls.js';

/** @typedef {import('../component/signer.js').Exports} Exports */
/** @typedef {import('../calls/policy.js').Rules} Rules */
/** @typedef {import('../calls/signing.js').SigningOptions} SigningOptions */
/** @typedef {import('../calls/values.js').Bytes} Bytes */
/** @typedef {import('./blob.js').Content} Content */
/** @typedef {import('../signer.js').WorkOptions} WorkOptions */

/**
 * An open key, or one of the key service.
 * @typedef {number | { service: string }} SignerName
 */

/** The calls, by name. */
export class SignerCalls extends OfflineCalls {
  #signer;

  /** @param {Exports} component */
  constructor(component) {
    super(component);
    this.#signer = component;
  }

  /**
   * @param {SignerName} key
   * @param {string} reference
   * @param {SigningOptions} options
   */
  async signImage(key, reference, options) {
    const { signing } = this.#signer;
    const signed = await signing.signImages(this.#with(key), [reference], witOptions(options));
    return signedImages(signed);
  }

  /**
   * @param {SignerName} key
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
   * @param {SignerName} key
   * @param {Content} content
   * @param {import('../calls/signing.js').LogUpload} [log]
   */
  async signBlob(key, content, log) {
    if (!log && typeof key === 'number') return super.signBlob(key, content);
    const { blobSigning } = this.#signer;
    const signer = this.#with(key);
    return this.withBlob(blobSigning.newBlob(signer), content, async (blob) => {
      const { signature, files } = await blobSigning.signBlob(signer, blob, log && witLog(log));
      return { signature, ...blobFiles(files) };
    });
  }

  /**
   * @override
   * @param {SignerName} key
   * @param {Content} content
   * @param {import('../offline.js').Statement} statement
   * @param {import('../calls/signing.js').LogUpload} [log]
   */
  async attestBlob(key, content, statement, log) {
    if (!log && typeof key === 'number') return super.attestBlob(key, content, statement);
    const { blobSigning } = this.#signer;
    const signer = this.#with(key);
    const { name, predicateType, predicate } = statement;
    const about = { predicateType, content: bytesOf(predicate) };
    return this.withBlob(blobSigning.newBlob(signer), content, async (blob) => {
      const { files, ...signed } = await blobSigning.attestBlob(
        signer,
        blob,
        name,
        about,
        log && witLog(log),
      );
      return { ...signed, ...blobFiles(files) };
    });
  }

  /**
   * @param {Bytes} publicKey
   * @param {string} reference
   * @param {WorkOptions} options
   */
  findOwnWork(publicKey, reference, options) {
    return this.#signer.cleaning.find(search(publicKey, reference, options));
  }

  /**
   * @param {Bytes} publicKey
   * @param {string} reference
   * @param {WorkOptions} options
   */
  removeOwnWork(publicKey, reference, options) {
    return this.#signer.cleaning.remove(search(publicKey, reference, options));
  }

  /** @param {SignerName} key */
  #with(key) {
    return typeof key === 'number'
      ? { tag: /** @type {const} */ ('private-key'), val: this.key(key) }
      : { tag: /** @type {const} */ ('key-service'), val: key.service };
  }
}

/**
 * @param {Bytes} publicKey
 * @param {string} reference
 * @param {WorkOptions} options
 */
function search(publicKey, reference, { kind, signatureRepository }) {
  return {
    publicKey: bytesOf(publicKey),
    reference,
    ...(kind !== undefined && { kind }),
    ...(signatureRepository !== undefined && { signatureRepository }),
  };
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
