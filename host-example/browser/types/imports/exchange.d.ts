export type Refusal = {
  tag: 'not-found' | 'denied' | 'unavailable' | 'refused' | 'too-large' | 'invalid' | 'unsupported';
  val: string;
};
/**
 * What stands between a request and its answer: a case of `registry-error` or `log-error`.
 * @typedef {object} Refusal
 * @property {'not-found' | 'denied' | 'unavailable' | 'refused' | 'too-large' | 'invalid' | 'unsupported'} tag
 * @property {string} val
 */
/** Thrown where there is no answer to hand on. */
export declare class Refused extends Error {
  tag: 'denied' | 'invalid' | 'not-found' | 'refused' | 'too-large' | 'unavailable' | 'unsupported';
  /**
   * @param {Refusal['tag']} tag
   * @param {string} words
   */
  constructor(tag: Refusal['tag'], words: string);
}
export type Answer = {
  /**
   * Its body was read.
   */
  response: Response;
  body: Uint8Array;
};
/**
 * @typedef {object} Answer
 * @property {Response} response Its body was read.
 * @property {Uint8Array} body
 */
/**
 * Sends a request and reads the answer, whatever its status. Cookies stay where they are, nothing is
 * cached, and no server learns which page asks.
 * @param {string} what The operation, for error texts.
 * @param {URL} url
 * @param {RequestInit} init
 * @param {number} limit The most bytes of an answer that succeeds.
 * @returns {Promise<Answer>}
 */
export declare function exchange(
  what: string,
  url: URL,
  init: RequestInit,
  limit: number,
): Promise<Answer>;
/**
 * Whether a server answers at all, even if a page may not read what.
 * @param {URL} url
 */
export declare function answersUnread(url: URL): Promise<boolean>;
/**
 * Runs the requests of a list side by side; an answer for each, in their order.
 * @template T, R
 * @param {T[]} requests
 * @param {(request: T) => Promise<R>} serve
 * @returns {Promise<({ tag: 'ok', val: R } | { tag: 'err', val: any })[]>}
 */
export declare function sideBySide<T, R>(
  requests: T[],
  serve: (request: T) => Promise<R>,
): Promise<
  (
    | {
        tag: 'ok';
        val: R;
      }
    | {
        tag: 'err';
        val: any;
      }
  )[]
>;
/**
 * A URL without user information and query, which may be secret.
 * @param {URL | string} url
 */
export declare function shown(url: URL | string): string;
/**
 * What an error body says, shortened and on one line.
 * @param {Uint8Array} body
 */
export declare function said(body: Uint8Array): string;
