export type WitReport =
  import('../../dist/offline/interfaces/cosignet-signing-report.js').SignatureReport;
export type WitSignature =
  import('../../dist/offline/interfaces/cosignet-signing-report.js').VerifiedSignature;
export type WitRejection =
  import('../../dist/offline/interfaces/cosignet-signing-report.js').Rejection;
export type WitEntry =
  import('../../dist/offline/interfaces/cosignet-signing-report.js').LoggedEntry;
export type WitVerified =
  import('../../dist/offline/interfaces/cosignet-signing-report.js').VerifiedImage;
export type WitUnverified =
  import('../../dist/offline/interfaces/cosignet-signing-report.js').UnverifiedImage;
export type WitIndex =
  import('../../dist/offline/interfaces/cosignet-signing-report.js').UnverifiedIndex;
export type WitOutcome =
  import('../../dist/offline/interfaces/cosignet-signing-report.js').ManifestOutcome;
export type LoggedEntry = {
  /**
   * SHA-256 of the log's key, hexadecimal.
   */
  logId: string;
  logIndex: number;
  /**
   * Seconds since 1970, by the log's own word.
   */
  integratedTime: number | null;
  evidence: string;
  witnesses: number;
};
export type SignatureReport = {
  index: number;
  format: string;
  payloadDigest: string | null;
  counted: boolean;
  /**
   * Of one that does not count: why, for people.
   */
  reason?: string;
  /**
   * And for programs.
   */
  code?: string;
  keyFingerprint?: string;
  keyIndex?: number;
  dockerReference?: string | null;
  annotations?: Record<string, string>;
  predicateType?: string | null;
  log?: LoggedEntry | null;
  /**
   * What was signed: simple signing, or an in-toto statement.
   */
  payload?: Uint8Array;
};
export type ManifestReport = {
  digest: string;
  platform: string | null;
  verified: boolean;
  reason: string | null;
  signatures: SignatureReport[];
};
export type Report = {
  verified: boolean;
  /**
   * The one digest that was judged. Deploy this, not the tag.
   */
  digest: string;
  repository?: string;
  reason?: string | null;
  /**
   * How many distinct keys must have signed,
   */
  required?: number;
  /**
   * and how many have.
   */
  counted?: number;
  signatures: SignatureReport[];
  /**
   * Why the index itself is not verified, if it is not.
   */
  indexReason?: string | null;
  manifests?: ManifestReport[];
};
/** @typedef {import('../../dist/offline/interfaces/cosignet-signing-report.js').SignatureReport} WitReport */
/** @typedef {import('../../dist/offline/interfaces/cosignet-signing-report.js').VerifiedSignature} WitSignature */
/** @typedef {import('../../dist/offline/interfaces/cosignet-signing-report.js').Rejection} WitRejection */
/** @typedef {import('../../dist/offline/interfaces/cosignet-signing-report.js').LoggedEntry} WitEntry */
/** @typedef {import('../../dist/offline/interfaces/cosignet-signing-report.js').VerifiedImage} WitVerified */
/** @typedef {import('../../dist/offline/interfaces/cosignet-signing-report.js').UnverifiedImage} WitUnverified */
/** @typedef {import('../../dist/offline/interfaces/cosignet-signing-report.js').UnverifiedIndex} WitIndex */
/** @typedef {import('../../dist/offline/interfaces/cosignet-signing-report.js').ManifestOutcome} WitOutcome */
/**
 * An entry in a log that was verified.
 * @typedef {object} LoggedEntry
 * @property {string} logId SHA-256 of the log's key, hexadecimal.
 * @property {number} logIndex
 * @property {number | null} integratedTime Seconds since 1970, by the log's own word.
 * @property {string} evidence
 * @property {number} witnesses
 */
/**
 * One signature that was found: counted, or why not.
 * @typedef {object} SignatureReport
 * @property {number} index
 * @property {string} format
 * @property {string | null} payloadDigest
 * @property {boolean} counted
 * @property {string} [reason] Of one that does not count: why, for people.
 * @property {string} [code] And for programs.
 * @property {string} [keyFingerprint]
 * @property {number} [keyIndex]
 * @property {string | null} [dockerReference]
 * @property {Record<string, string>} [annotations]
 * @property {string | null} [predicateType]
 * @property {LoggedEntry | null} [log]
 * @property {Uint8Array} [payload] What was signed: simple signing, or an in-toto statement.
 */
/**
 * What became of a manifest that an index names.
 * @typedef {object} ManifestReport
 * @property {string} digest
 * @property {string | null} platform
 * @property {boolean} verified
 * @property {string | null} reason
 * @property {SignatureReport[]} signatures
 */
/**
 * What became of an image, or of a blob.
 * @typedef {object} Report
 * @property {boolean} verified
 * @property {string} digest The one digest that was judged. Deploy this, not the tag.
 * @property {string} [repository]
 * @property {string | null} [reason]
 * @property {number} [required] How many distinct keys must have signed,
 * @property {number} [counted] and how many have.
 * @property {SignatureReport[]} signatures
 * @property {string | null} [indexReason] Why the index itself is not verified, if it is not.
 * @property {ManifestReport[]} [manifests]
 */
/**
 * @param {Pick<WitVerified, 'digest' | 'signatures'> & Partial<WitVerified>} found
 * @returns {Report}
 */
export declare function verified({
  repository,
  digest,
  signatures: reports,
  manifests,
}: Pick<WitVerified, 'digest' | 'signatures'> & Partial<WitVerified>): Report;
export type Kind = 'signature' | 'attestation';
/**
 * What is looked for.
 * @typedef {'signature' | 'attestation'} Kind
 */
/**
 * @param {Kind} kind
 * @param {Omit<WitUnverified, 'repository'> & Partial<WitUnverified>} found
 * @returns {Report}
 */
export declare function unverified(
  kind: Kind,
  {
    repository,
    digest,
    required,
    counted,
    signatures: reports,
  }: Omit<WitUnverified, 'repository'> & Partial<WitUnverified>,
): Report;
/**
 * @param {Kind} kind
 * @param {WitIndex} found
 * @returns {Report}
 */
export declare function unverifiedIndex(
  kind: Kind,
  { repository, digest, index, manifests }: WitIndex,
): Report;
/**
 * @param {WitEntry} entry
 * @returns {LoggedEntry}
 */
export declare function logged({
  logId,
  logIndex,
  integratedTime,
  evidence,
  witnesses,
}: WitEntry): LoggedEntry;
