export type Place = {
  /**
   * As it is written, with its port.
   */
  host: string;
  path: string;
  /**
   * `…/v2/PATH/`
   */
  base: URL;
};
/**
 * @typedef {object} Place
 * @property {string} host As it is written, with its port.
 * @property {string} path
 * @property {URL} base `…/v2/PATH/`
 */
/**
 * @param {string} repository
 * @param {readonly string[]} plainHttp Hosts that are spoken to without TLS, besides this machine.
 * @returns {Place}
 */
export declare function placeOf(repository: string, plainHttp: readonly string[]): Place;
/**
 * Whether it names this machine.
 * @param {string} host
 */
export declare function isLoopback(host: string): boolean;
/**
 * Only then may it become part of a URL.
 * @param {string} reference
 */
export declare function checkReference(reference: string): void;
