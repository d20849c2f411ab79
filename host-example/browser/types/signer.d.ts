import { Offline } from './offline.js';
export { CosignetError } from './errors.js';
export { hasJspi } from './component/jspi.js';
export type Rules = import('./calls/policy.js').Rules;
export type LogTrust = import('./calls/policy.js').LogTrust;
export type Report = import('./calls/report.js').Report;
export type SigningOptions = import('./calls/signing.js').SigningOptions;
export type SignedImage = import('./calls/signing.js').SignedImage;
export type Attached = import('./calls/signing.js').Attached;
export type LogUpload = import('./calls/signing.js').LogUpload;
export type SignerOptions = import('./component/signer.js').SignerOptions;
export type Key = import('./offline.js').Key;
export type ForeignSignature = {
  reference: string;
  payload: import('./offline.js').Bytes;
  signature: import('./offline.js').Bytes;
  logEntry?: import('./offline.js').Bytes;
};
export type VerificationOptions = {
  /**
   * cosign's `COSIGN_REPOSITORY`.
   */
  signatureRepository?: string;
  /**
   * Whether all that an index names must be signed as it is.
   */
  recursive?: boolean;
};
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
export declare class Signer extends Offline {
  /**
   * All that the component can do to the outside.
   * @override
   */
  get imports(): string[];
  /**
   * Signs an image and pushes the signature: `[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]`. One signed image
   * comes back, or with `recursive` the index and its manifests.
   * @param {Key} key
   * @param {string} reference
   * @param {SigningOptions} [options]
   * @returns {Promise<SignedImage[]>}
   */
  signImage(key: Key, reference: string, options?: SigningOptions): Promise<SignedImage[]>;
  /**
   * Attests something of an image, likewise.
   * @param {Key} key
   * @param {string} reference
   * @param {import('./offline.js').Statement} statement
   * @param {SigningOptions} [options]
   * @returns {Promise<SignedImage[]>}
   */
  attestImage(
    key: Key,
    reference: string,
    statement: import('./offline.js').Statement,
    options?: SigningOptions,
  ): Promise<SignedImage[]>;
  /**
   * Pushes a signature that was made elsewhere: no key is needed. Signatures that are there are kept.
   * @param {ForeignSignature} signature
   * @param {string} [signatureRepository]
   * @returns {Promise<Attached>}
   */
  attachSignature(signature: ForeignSignature, signatureRepository?: string): Promise<Attached>;
  /**
   * Verifies an image by its signatures. What is not verified is an error, with the report in it.
   * @param {Rules} rules
   * @param {string} reference
   * @param {VerificationOptions} [options]
   * @returns {Promise<Report>}
   */
  verifyImage(rules: Rules, reference: string, options?: VerificationOptions): Promise<Report>;
  /**
   * Verifies an image by its attestations with a predicate of this type.
   * @param {Rules} rules
   * @param {string} reference
   * @param {string} predicateType
   * @param {VerificationOptions} [options]
   * @returns {Promise<Report>}
   */
  verifyAttestation(
    rules: Rules,
    reference: string,
    predicateType: string,
    options?: VerificationOptions,
  ): Promise<Report>;
  /**
   * Signs a file, and logs the signature where a log is given.
   * @override
   * @param {Key} key
   * @param {import('./offline.js').Content} content
   * @param {LogUpload} [log]
   * @returns {Promise<import('./offline.js').SignedBlob>}
   */
  signBlob(
    key: Key,
    content: import('./offline.js').Content,
    log?: LogUpload,
  ): Promise<import('./offline.js').SignedBlob>;
}
/**
 * Starts the component in a worker. Where the engine has no JSPI it fails with the code `no-jspi`.
 * @param {SignerOptions} [options]
 */
export declare function start(options?: SignerOptions): Promise<Signer>;
