// What verification found: the object that `cosignet verify --output report` prints of an image,
// with the signed payload of each signature that counts.

import { wordsOf } from '../errors.js';
import { objectOf } from './values.js';

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
export function verified({ repository, digest, signatures: reports, manifests = [] }) {
  return {
    verified: true,
    ...(repository !== undefined && { repository }),
    digest,
    signatures: signatures(reports),
    ...(manifests.length > 0 && {
      manifests: manifests.map(({ digest, platform, signatures: reports }) => ({
        digest,
        platform: platform ?? null,
        verified: true,
        reason: null,
        signatures: signatures(reports),
      })),
    }),
  };
}

/**
 * What is looked for.
 * @typedef {'signature' | 'attestation'} Kind
 */

/**
 * @param {Kind} kind
 * @param {Omit<WitUnverified, 'repository'> & Partial<WitUnverified>} found
 * @returns {Report}
 */
export function unverified(kind, { repository, digest, required, counted, signatures: reports }) {
  return {
    verified: false,
    reason: `no matching ${kind}s`,
    ...(repository !== undefined && { repository }),
    digest,
    required,
    counted,
    signatures: signatures(reports),
  };
}

/**
 * @param {Kind} kind
 * @param {WitIndex} found
 * @returns {Report}
 */
export function unverifiedIndex(kind, { repository, digest, index, manifests }) {
  const own = outcome(kind, index);
  return {
    verified: false,
    reason: 'not every manifest of the index is verified',
    repository,
    digest,
    signatures: own.signatures,
    indexReason: own.reason,
    manifests: manifests.map(({ digest, platform, outcome: found }) => ({
      digest,
      platform: platform ?? null,
      ...outcome(kind, found),
    })),
  };
}

/**
 * @param {Kind} kind
 * @param {WitOutcome} found
 * @returns {Pick<ManifestReport, 'verified' | 'reason' | 'signatures'>}
 */
function outcome(kind, found) {
  switch (found.tag) {
    case 'verified':
      return { verified: true, reason: null, signatures: signatures(found.val) };
    case 'no-match':
      return {
        verified: false,
        reason: `no matching ${kind}s`,
        signatures: signatures(found.val),
      };
    case 'no-signatures':
      return { verified: false, reason: `no ${kind}s`, signatures: [] };
    case 'failed':
      return { verified: false, reason: found.val, signatures: [] };
  }
}

/** @param {WitReport[]} reports */
function signatures(reports) {
  return reports.map(signature);
}

/**
 * @param {WitReport} report
 * @returns {SignatureReport}
 */
function signature({ index, format, payloadDigest, verdict }) {
  const about = { index, format: formats[format], payloadDigest: payloadDigest ?? null };
  return verdict.tag === 'counted'
    ? { ...about, ...countedSignature(verdict.val) }
    : { ...about, counted: false, reason: rejectionWords(verdict.val), code: verdict.val.tag };
}

/** @param {WitSignature} found */
function countedSignature(found) {
  return {
    counted: true,
    keyFingerprint: found.keyFingerprint,
    keyIndex: found.keyIndex,
    dockerReference: found.dockerReference ?? null,
    annotations: objectOf(found.annotations),
    predicateType: found.predicate?.predicateType ?? null,
    log: found.log ? logged(found.log) : null,
    payload: found.payload,
  };
}

/**
 * @param {WitEntry} entry
 * @returns {LoggedEntry}
 */
export function logged({ logId, logIndex, integratedTime, evidence, witnesses }) {
  return {
    logId,
    logIndex: Number(logIndex),
    integratedTime: integratedTime === undefined ? null : Number(integratedTime),
    evidence: evidences[evidence],
    witnesses,
  };
}

/**
 * The command line's words.
 * @param {WitRejection} rejection
 */
function rejectionWords(rejection) {
  switch (rejection.tag) {
    case 'log-unavailable':
      return `signed by a trusted key, but the log could not be asked: ${wordsOf(rejection.val)}`;
    case 'payload-unavailable':
      return `its payload could not be fetched: ${wordsOf(rejection.val)}`;
    case 'no-trusted-key':
      return 'it was made by none of the given keys, or over other bytes';
    case 'other-predicate':
      return `not what is looked for but a statement of type ${rejection.val}`;
    case 'other-image':
      return `it is for another image: ${rejection.val}`;
    case 'other-blob':
      return `it is of another blob: ${rejection.val}`;
    case 'annotation-mismatch':
      return `annotation ${rejection.val} is missing or different`;
    case 'other-identity':
      return `it is for another repository: ${rejection.val}`;
    case 'other-media-type':
      return `a layer of another type: ${rejection.val}`;
    default:
      return rejection.val;
  }
}

/** @type {Record<WitReport['format'], string>} */
const formats = {
  'simple-signing': 'simple signing',
  bundle: 'bundle',
  envelope: 'envelope',
  detached: 'detached',
};

/** @type {Record<WitEntry['evidence'], string>} */
const evidences = {
  'signed-entry-timestamp': 'signed entry timestamp',
  'inclusion-proof': 'inclusion proof',
  both: 'signed entry timestamp and inclusion proof',
};
