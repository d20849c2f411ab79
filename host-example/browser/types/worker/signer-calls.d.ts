import { OfflineCalls } from './offline-calls.js';
export type Exports = import('../component/signer.js').Exports;
export type Rules = import('../calls/policy.js').Rules;
export type SigningOptions = import('../calls/signing.js').SigningOptions;
export type Content = import('./blob.js').Content;
/** @typedef {import('../component/signer.js').Exports} Exports */
/** @typedef {import('../calls/policy.js').Rules} Rules */
/** @typedef {import('../calls/signing.js').SigningOptions} SigningOptions */
/** @typedef {import('./blob.js').Content} Content */
/** The calls, by name. */
export declare class SignerCalls extends OfflineCalls {
  #private;
  /** @param {Exports} component */
  constructor(component: Exports);
  /**
   * @param {number} key
   * @param {string} reference
   * @param {SigningOptions} options
   */
  signImage(
    key: number,
    reference: string,
    options: SigningOptions,
  ): Promise<import('../calls/signing.js').SignedImage[]>;
  /**
   * @param {number} key
   * @param {string} reference
   * @param {import('../offline.js').Statement} statement
   * @param {SigningOptions} options
   */
  attestImage(
    key: number,
    reference: string,
    { predicateType, predicate }: import('../offline.js').Statement,
    options: SigningOptions,
  ): Promise<import('../calls/signing.js').SignedImage[]>;
  /**
   * @param {import('../signer.js').ForeignSignature} signature
   * @param {string | undefined} repository
   */
  attachSignature(
    { reference, payload, signature, logEntry }: import('../signer.js').ForeignSignature,
    repository: string | undefined,
  ): import('../../dist/signer/interfaces/cosignet-signing-signing.js').Attached;
  /**
   * @param {Rules} rules
   * @param {string} reference
   * @param {import('../signer.js').VerificationOptions} options
   */
  verifyImage(
    rules: Rules,
    reference: string,
    options: import('../signer.js').VerificationOptions,
  ): Promise<import('../calls/report.js').Report>;
  /**
   * @param {Rules} rules
   * @param {string} reference
   * @param {string} predicateType
   * @param {import('../signer.js').VerificationOptions} options
   */
  verifyAttestation(
    rules: Rules,
    reference: string,
    predicateType: string,
    options: import('../signer.js').VerificationOptions,
  ): Promise<import('../calls/report.js').Report>;
  /**
   * @override
   * @param {number} key
   * @param {Content} content
   * @param {import('../calls/signing.js').LogUpload} [log]
   */
  signBlob(
    key: number,
    content: Content,
    log?: import('../calls/signing.js').LogUpload,
  ): Promise<{
    signature: Uint8Array<ArrayBufferLike>;
    bundle: string;
    oldBundle?: string;
    log?: import('../calls/report.js').LoggedEntry;
  }>;
}
