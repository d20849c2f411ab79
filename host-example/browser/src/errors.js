// Errors of the package: one class, told apart by `code`.

/**
 * Why a call failed. `code` is for programs: the name of the case in the component's WIT, such as
 * `wrong-password`, `no-signatures` or `no-match`, or one of `closed`, `no-jspi`, `invalid-argument`
 * and `internal`. `message` is for people. No password and no key is in either.
 */
export class CosignetError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {Details} [details]
   */
  constructor(code, message, { reason, report } = {}) {
    super(message);
    this.name = 'CosignetError';
    /** @type {string} */
    this.code = code;
    /**
     * What a registry, a log or a key service did wrong, where `code` is `registry`, `log` or
     * `key-service`: `denied`, `unavailable`, …
     * @type {string | undefined}
     */
    this.reason = reason;
    /**
     * What became of each signature, where verification failed: the command line's report.
     * @type {import('./calls/report.js').Report | undefined}
     */
    this.report = report;
  }
}

/**
 * @typedef {object} Details
 * @property {string | undefined} [reason]
 * @property {import('./calls/report.js').Report | undefined} [report]
 */

/**
 * A case of an error variant of the component.
 * @typedef {object} Case
 * @property {string} tag
 * @property {unknown} [val]
 */

/**
 * The case that the component answered with; `undefined` of anything else that was thrown.
 * @param {unknown} thrown
 * @returns {Case | undefined}
 */
export function caseOf(thrown) {
  const payload = thrown instanceof Error && 'payload' in thrown ? thrown.payload : undefined;
  return isCase(payload) ? payload : undefined;
}

/**
 * The error that a case stands for.
 * @param {Case} found
 * @param {Details} [details]
 */
export function errorOf({ tag, val }, details) {
  if (isCase(val)) {
    // What a host did not do: its own case says why.
    return new CosignetError(tag, wordsOf(val), { reason: val.tag, ...details });
  }
  return new CosignetError(tag, wordsOf({ tag, val }), details);
}

/**
 * What a case says, to people.
 * @param {Case} found
 */
export function wordsOf({ tag, val }) {
  if (typeof val === 'string') return val;
  if (Array.isArray(val)) return `${words[tag] ?? tag}: ${val.join(': ')}`;
  return words[tag] ?? tag;
}

/**
 * @param {unknown} value
 * @returns {value is Case}
 */
function isCase(value) {
  return typeof value === 'object' && value !== null && 'tag' in value;
}

/**
 * Of the cases that come without words.
 * @type {Record<string, string>}
 */
const words = {
  'wrong-password': 'the password is wrong, or the key file was altered',
  'no-keys': 'a policy needs at least one trusted key',
  'unusable-key': 'not a public key that can be used, by its place in the list',
  'no-signatures': 'there is no signature',
  manifests: 'not every manifest of the index is verified',
  elsewhere: 'the blob was given by its digest: nothing can be appended',
};
