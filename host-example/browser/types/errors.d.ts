/**
 * Why a call failed. `code` is for programs: the name of the case in the component's WIT, such as
 * `wrong-password`, `no-signatures` or `no-match`, or one of `closed`, `no-jspi`, `invalid-argument`
 * and `internal`. `message` is for people. No password and no key is in either.
 */
export declare class CosignetError extends Error {
  /** @type {string} */
  code: string;
  /**
   * What a registry, a log or a key service did wrong, where `code` is `registry`, `log` or
   * `key-service`: `denied`, `unavailable`, …
   * @type {string | undefined}
   */
  reason: string | undefined;
  /**
   * What became of each signature, where verification failed: the command line's report.
   * @type {import('./calls/report.js').Report | undefined}
   */
  report: import('./calls/report.js').Report | undefined;
  /**
   * @param {string} code
   * @param {string} message
   * @param {Details} [details]
   */
  constructor(code: string, message: string, { reason, report }?: Details);
}
export type Details = {
  reason?: string | undefined;
  report?: import('./calls/report.js').Report | undefined;
};
export type Case = {
  tag: string;
  val?: unknown;
};
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
export declare function caseOf(thrown: unknown): Case | undefined;
/**
 * The error that a case stands for.
 * @param {Case} found
 * @param {Details} [details]
 */
export declare function errorOf({ tag, val }: Case, details?: Details): CosignetError;
/**
 * What a case says, to people.
 * @param {Case} found
 */
export declare function wordsOf({ tag, val }: Case): string;
