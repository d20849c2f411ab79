// `cosignet`: all of `cosignet/offline`, and images in registries and entries in logs, over `fetch`.

import imports from '../dist/signer/imports.js';
import { Offline } from './offline.js';
import { Client } from './worker/client.js';

export { CosignetError } from './errors.js';
export { hasJspi } from './component/jspi.js';

/** @typedef {import('./calls/policy.js').Rules} Rules */
/** @typedef {import('./calls/policy.js').LogTrust} LogTrust */
/** @typedef {import('./calls/report.js').Report} Report */
/** @typedef {import('./calls/signing.js').SigningOptions} SigningOptions */
/** @typedef {import('./calls/signing.js').SignedImage} SignedImage */
/** @typedef {import('./calls/signing.js').Attached} Attached */
/** @typedef {import('./calls/signing.js').LogUpload} LogUpload */
/** @typedef {import('./component/signer.js').SignerOptions} SignerOptions */
/** @typedef {import('./offline.js').Key} Key */

/**
 * A signature that was made elsewhere, or offline, for an image.
 * @typedef {object} ForeignSignature
 * @property {string} reference
 * @property {import('./offline.js').Bytes} payload
 * @property {import('./offline.js').Bytes} signature
 * @property {import('./offline.js').Bytes} [logEntry]
 */

/**
 * @typedef {object} VerificationOptions
 * @property {string} [signatureRepository] cosign's `COSIGN_REPOSITORY`.
 * @property {boolean} [recursive] Whether all that an index names must be signed as it is.
 */

/** The `signer` world of the component, in a worker. */
export class Signer extends Offline {
  /**
   * All that the component can do to the outside.
   * @override
   */
  get imports() {
    return imports;
  }

  /**
   * Signs an image and pushes the signature: `[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]`. One signed image
   * comes back, or with `recursive` the index and its manifests.
   * @param {Key} key
   * @param {string} reference
   * @param {SigningOptions} [options]
   * @returns {Promise<SignedImage[]>}
   */
  signImage(key, reference, options = {}) {
    return this.client.call('signImage', key.id, reference, options);
  }

  /**
   * Attests something of an image, likewise.
   * @param {Key} key
   * @param {string} reference
   * @param {import('./offline.js').Statement} statement
   * @param {SigningOptions} [options]
   * @returns {Promise<SignedImage[]>}
   */
  attestImage(key, reference, statement, options = {}) {
    return this.client.call('attestImage', key.id, reference, statement, options);
  }

  /**
   * Pushes a signature that was made elsewhere: no key is needed. Signatures that are there are kept.
   * @param {ForeignSignature} signature
   * @param {string} [signatureRepository]
   * @returns {Promise<Attached>}
   */
  attachSignature(signature, signatureRepository) {
    return this.client.call('attachSignature', signature, signatureRepository);
  }

  /**
   * Verifies an image by its signatures. What is not verified is an error, with the report in it.
   * @param {Rules} rules
   * @param {string} reference
   * @param {VerificationOptions} [options]
   * @returns {Promise<Report>}
   */
  verifyImage(rules, reference, options = {}) {
    return this.client.call('verifyImage', rules, reference, options);
  }

  /**
   * Verifies an image by its attestations with a predicate of this type.
   * @param {Rules} rules
   * @param {string} reference
   * @param {string} predicateType
   * @param {VerificationOptions} [options]
   * @returns {Promise<Report>}
   */
  verifyAttestation(rules, reference, predicateType, options = {}) {
    return this.client.call('verifyAttestation', rules, reference, predicateType, options);
  }

  /**
   * Signs a file, and logs the signature where a log is given.
   * @override
   * @param {Key} key
   * @param {import('./offline.js').Content} content
   * @param {LogUpload} [log]
   * @returns {Promise<import('./offline.js').SignedBlob>}
   */
  signBlob(key, content, log) {
    return this.client.call('signBlob', key.id, content, log);
  }
}

/**
 * Starts the component in a worker. Where the engine has no JSPI it fails with the code `no-jspi`.
 * @param {SignerOptions} [options]
 */
export async function start(options = {}) {
  const worker = new URL('./worker/signer.js', import.meta.url);
  return new Signer(await Client.start(worker, options));
}
