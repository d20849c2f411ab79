// What a verifier requires, from JavaScript's ways of saying it to the component's.

import { bytesOf, pairsOf } from './values.js';

/** @typedef {import('../../dist/offline/interfaces/cosignet-signing-policy.js').Rules} WitRules */
/** @typedef {import('../../dist/offline/interfaces/cosignet-signing-policy.js').LogTrust} WitLogTrust */
/** @typedef {import('../../dist/offline/interfaces/cosignet-signing-policy.js').Limits} Limits */
/** @typedef {import('./values.js').Bytes} Bytes */

/**
 * A key that is trusted from `notBefore` to `notAfter`, where a log says when it signed.
 * @typedef {object} TrustedKey
 * @property {Bytes} pem
 * @property {Date} [notBefore]
 * @property {Date} [notAfter]
 */

/**
 * Transparency logs whose word counts: at least one, from any of these places.
 * @typedef {object} LogTrust
 * @property {Bytes[]} [keys] Public keys of logs, PEM.
 * @property {Bytes} [trustedRoot] A sigstore `trusted_root.json`.
 * @property {boolean} [publicGood] The logs of sigstore's public good, as built in.
 * @property {string[]} [witnesses] Verifier keys, C2SP `signed-note`.
 * @property {number} [requiredWitnesses] How many of them must have cosigned the checkpoint.
 */

/**
 * What a verifier requires. What is left out is as in `cosignet verify`.
 * @typedef {object} Rules
 * @property {(Bytes | TrustedKey)[]} keys Public keys in PEM, 1 to 64.
 * @property {number} [threshold] How many distinct keys must have signed; otherwise one.
 * @property {Record<string, string>} [annotations] What the signer must have claimed.
 * @property {LogTrust & { lookUp?: boolean }} [log] Logs, one of which must have each signature;
 *   with `lookUp` (in `cosignet` alone) the log is asked where no entry is stored. Without, none is
 *   required.
 * @property {'ignore' | 'repository' | { exact: string } | { actual: string, signed: string }} [identity]
 *   Which repository the signature must name; otherwise any.
 * @property {'any' | 'simple-signing' | 'bundles'} [formats] Where signatures are looked for.
 * @property {Limits} [limits]
 */

/**
 * @param {Rules} rules
 * @returns {WitRules}
 */
export function witRules(rules) {
  const { threshold, annotations = {}, formats = 'any', limits } = rules;
  return {
    keys: rules.keys.map(trustedKey),
    threshold: threshold === undefined ? { tag: 'any' } : { tag: 'at-least', val: threshold },
    annotations: pairsOf(annotations),
    log: logRequirement(rules.log),
    identity: identity(rules.identity ?? 'ignore'),
    formats,
    ...(limits && { limits }),
  };
}

/**
 * @param {LogTrust} trust
 * @returns {WitLogTrust}
 */
export function witLogTrust({ trustedRoot, ...trust }) {
  return {
    keys: (trust.keys ?? []).map(bytesOf),
    publicGood: trust.publicGood ?? false,
    witnesses: trust.witnesses ?? [],
    requiredWitnesses: trust.requiredWitnesses ?? 0,
    ...(trustedRoot !== undefined && { trustedRoot: bytesOf(trustedRoot) }),
  };
}

/**
 * @param {Bytes | TrustedKey} key
 * @returns {WitRules['keys'][number]}
 */
function trustedKey(key) {
  if (typeof key === 'string' || key instanceof Uint8Array) return { pem: bytesOf(key) };
  const { pem, notBefore, notAfter } = key;
  return {
    pem: bytesOf(pem),
    ...(notBefore && { notBefore: seconds(notBefore) }),
    ...(notAfter && { notAfter: seconds(notAfter) }),
  };
}

/** @param {Date} date */
function seconds(date) {
  return BigInt(Math.floor(date.getTime() / 1000));
}

/**
 * @param {Rules['log']} log
 * @returns {WitRules['log']}
 */
function logRequirement(log) {
  if (log === undefined) return { tag: 'ignore' };
  return { tag: log.lookUp ? 'require-or-look-up' : 'require', val: witLogTrust(log) };
}

/**
 * @param {NonNullable<Rules['identity']>} identity
 * @returns {WitRules['identity']}
 */
function identity(identity) {
  if (typeof identity === 'string') return { tag: identity };
  if ('exact' in identity) return { tag: 'exact', val: identity.exact };
  return { tag: 'remap', val: identity };
}
