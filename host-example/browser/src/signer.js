// `cosignet`: all of `cosignet/offline`, and images in registries and entries in logs, over `fetch`.

import imports from '../dist/signer/imports.js';
import { Key } from './key.js';
import { Offline } from './offline.js';
import { Client } from './worker/client.js';

export { Key };
export { CosignetError } from './errors.js';
export { hasJspi } from './component/jspi.js';

/** @typedef {import('./calls/policy.js').Rules} Rules */
/** @typedef {import('./calls/policy.js').LogTrust} LogTrust */
/** @typedef {import('./calls/report.js').Report} Report */
/** @typedef {import('./calls/signing.js').SigningOptions} SigningOptions */
/** @typedef {import('./calls/signing.js').SignedImage} SignedImage */
/** @typedef {import('./calls/signing.js').Attached} Attached */
/** @typedef {import('./calls/signing.js').LogUpload} LogUpload */
/** @typedef {import('./imports/key-service.js').KeyService} KeyService */

/** @typedef {import('./component/signer.js').Settings & { keyService?: KeyService }} SignerOptions */

/**
 * A key of the key service, by its name there.
 * @typedef {object} ServiceKey
 * @property {string} service
 */

/**
 * Which of a key's work is looked for.
 * @typedef {object} WorkOptions
 * @property {'signature' | 'attestation'} [kind] Otherwise both.
 * @property {string} [signatureRepository] cosign's `COSIGN_REPOSITORY`.
 */

/**
 * A key's work in one place.
 * @typedef {object} OwnWork
 * @property {'signature' | 'attestation'} kind
 * @property {string} repository
 * @property {string} [tag] Of the image that has it in layers; a bundle has none.
 * @property {string} manifestDigest
 * @property {number} count How many signatures or attestations.
 */

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
   * @param {Key | ServiceKey} key
   * @param {string} reference
   * @param {SigningOptions} [options]
   * @returns {Promise<SignedImage[]>}
   */
  async signImage(key, reference, options = {}) {
    return this.client.call('signImage', this.#nameOf(key), reference, options);
  }

  /**
   * Attests something of an image, likewise.
   * @param {Key | ServiceKey} key
   * @param {string} reference
   * @param {import('./offline.js').Statement} statement
   * @param {SigningOptions} [options]
   * @returns {Promise<SignedImage[]>}
   */
  async attestImage(key, reference, statement, options = {}) {
    return this.client.call('attestImage', this.#nameOf(key), reference, statement, options);
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
   * @param {Key | ServiceKey} key
   * @param {import('./offline.js').Content} content
   * @param {LogUpload} [log]
   * @returns {Promise<import('./offline.js').SignedBlob>}
   */
  async signBlob(key, content, log) {
    return this.client.call('signBlob', this.#nameOf(key), content, log);
  }

  /**
   * Signs a statement about a file, and logs it where a log is given.
   * @override
   * @param {Key | ServiceKey} key
   * @param {import('./offline.js').Content} content
   * @param {import('./offline.js').Statement} statement
   * @param {LogUpload} [log]
   * @returns {Promise<import('./offline.js').AttestedBlob>}
   */
  async attestBlob(key, content, statement, log) {
    return this.client.call('attestBlob', this.#nameOf(key), content, statement, log);
  }

  /**
   * Finds what a key has signed for an image, whether beside it or in bundles. Nothing is written.
   * @param {import('./offline.js').Bytes} publicKey PEM. What it does not verify is others'.
   * @param {string} reference
   * @param {WorkOptions} [options]
   * @returns {Promise<OwnWork[]>}
   */
  findOwnWork(publicKey, reference, options = {}) {
    return this.client.call('findOwnWork', publicKey, reference, options);
  }

  /**
   * Takes it away, nothing of others', and tells what it was.
   * @param {import('./offline.js').Bytes} publicKey PEM
   * @param {string} reference
   * @param {WorkOptions} [options]
   * @returns {Promise<OwnWork[]>}
   */
  removeOwnWork(publicKey, reference, options = {}) {
    return this.client.call('removeOwnWork', publicKey, reference, options);
  }

  /**
   * What the worker calls a key.
   * @param {Key | ServiceKey} key
   */
  #nameOf(key) {
    return 'service' in key ? { service: key.service } : Key.idOf(key, this.client);
  }
}

/**
 * Starts the component in a worker. Where the engine has no JSPI it fails with the code `no-jspi`.
 * @param {SignerOptions} [options]
 */
export async function start({ keyService, ...settings } = {}) {
  const worker = new URL('./worker/signer.js', import.meta.url);
  const told = { ...settings, keyServiceTimeout: keyService?.timeout };
  return new Signer(await Client.start(worker, told, keyService && services(keyService)));
}

/**
 * What the worker may ask for.
 * @param {KeyService} keyService
 * @returns {import('./worker/client.js').Services}
 */
function services(keyService) {
  return {
    publicKey: (reference) => keyService.publicKey(reference),
    signDigest: (reference, digest) => keyService.signDigest(reference, digest),
  };
}
