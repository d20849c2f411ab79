export type WitOptions = import('../../dist/signer/interfaces/cosignet-signing-signing.js').Options;
export type WitLog = import('../../dist/signer/interfaces/cosignet-signing-signing.js').LogUpload;
export type WitResult =
  import('../../dist/signer/interfaces/cosignet-signing-signing.js').SigningResult;
export type WitSignature =
  import('../../dist/signer/interfaces/cosignet-signing-signing.js').Signature;
export type LogUpload = import('./policy.js').LogTrust & {
  api?: 'rekor-v1' | 'rekor-v2';
};
export type SigningOptions = {
  annotations?: Record<string, string>;
  /**
   * Sign the manifests of an index too.
   */
  recursive?: boolean;
  /**
   * What to write for the repository into the payload.
   */
  identities?: string[];
  created?: Date;
  /**
   * Otherwise nothing is logged.
   */
  log?: LogUpload;
  form?: 'simple' | 'bundle' | 'both';
  /**
   * Whether to push it; otherwise it is.
   */
  attach?: boolean;
  /**
   * Keep this key's earlier signatures, as cosign does.
   */
  keepEarlier?: boolean;
  /**
   * cosign's `COSIGN_REPOSITORY`.
   */
  signatureRepository?: string;
};
export type Signature = {
  payload: Uint8Array;
  payloadType: string;
  signature: Uint8Array;
  /**
   * A sigstore bundle v0.3, JSON.
   */
  bundle: string;
  log?: import('./report.js').LoggedEntry;
  /**
   * cosign's annotation `dev.sigstore.cosign/bundle`.
   */
  logAnnotation?: string;
};
export type Attached = {
  repository: string;
  tag?: string;
  manifestDigest: string;
  outcome: 'added' | 'replaced' | 'unchanged';
};
export type SignedImage = {
  repository: string;
  digest: string;
  signatures: Signature[];
  attached: Attached[];
};
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
export declare function witOptions(options: SigningOptions): WitOptions;
/**
 * @param {LogUpload} log
 * @returns {WitLog}
 */
export declare function witLog({ api, ...trust }: LogUpload): WitLog;
/**
 * The images that were signed: one, or with `recursive` the index and its manifests. The first that was
 * not is an error.
 * @param {WitResult[]} results
 * @returns {SignedImage[]}
 */
export declare function signedImages(results: WitResult[]): SignedImage[];
