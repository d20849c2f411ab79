export type WitRules = import('../../dist/offline/interfaces/cosignet-signing-policy.js').Rules;
export type WitLogTrust =
  import('../../dist/offline/interfaces/cosignet-signing-policy.js').LogTrust;
export type Limits = import('../../dist/offline/interfaces/cosignet-signing-policy.js').Limits;
export type Bytes = import('./values.js').Bytes;
export type TrustedKey = {
  pem: Bytes;
  notBefore?: Date;
  notAfter?: Date;
};
export type LogTrust = {
  /**
   * Public keys of logs, PEM.
   */
  keys?: Bytes[];
  /**
   * A sigstore `trusted_root.json`.
   */
  trustedRoot?: Bytes;
  /**
   * The logs of sigstore's public good, as built in.
   */
  publicGood?: boolean;
  /**
   * Verifier keys, C2SP `signed-note`.
   */
  witnesses?: string[];
  /**
   * How many of them must have cosigned the checkpoint.
   */
  requiredWitnesses?: number;
};
export type Rules = {
  /**
   * Public keys in PEM, 1 to 64.
   */
  keys: (Bytes | TrustedKey)[];
  /**
   * How many distinct keys must have signed; otherwise one.
   */
  threshold?: number;
  /**
   * What the signer must have claimed.
   */
  annotations?: Record<string, string>;
  /**
   * Logs, one of which must have each signature;
   * with `lookUp` (in `cosignet` alone) the log is asked where no entry is stored. Without, none is
   * required.
   */
  log?: LogTrust & {
    lookUp?: boolean;
  };
  /**
   * Which repository the signature must name; otherwise any.
   */
  identity?:
    | 'ignore'
    | 'repository'
    | {
        exact: string;
      }
    | {
        actual: string;
        signed: string;
      };
  /**
   * Where signatures are looked for.
   */
  formats?: 'any' | 'simple-signing' | 'bundles';
  limits?: Limits;
};
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
export declare function witRules(rules: Rules): WitRules;
/**
 * @param {LogTrust} trust
 * @returns {WitLogTrust}
 */
export declare function witLogTrust({ trustedRoot, ...trust }: LogTrust): WitLogTrust;
