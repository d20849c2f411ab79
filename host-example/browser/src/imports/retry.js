// When to try again, and when to give up: as the host library does.

import { Refused } from './exchange.js';

/**
 * What may pass by itself is tried again: no connection, 408, 429, and most of 5xx.
 * @typedef {object} RetryOptions
 * @property {number} [retries] Attempts after the first; otherwise 3.
 * @property {number} [pause] Milliseconds before the first of them, about, unless the server says how
 *   long in `Retry-After`; each further pause is about twice as long. Otherwise 250.
 */

/**
 * Attempts until one succeeds, fails for good, or is the last. All of it ends with the worker.
 * @template T
 * @param {RetryOptions} options
 * @param {() => Promise<T>} attempt Doing it twice must be as good as doing it once.
 * @returns {Promise<T>}
 */
export async function retrying({ retries = 3, pause = 250 }, attempt) {
  const deadline = performance.now() + longestOperation;
  for (let left = retries; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Refused) || !error.isTransient || left <= 0) throw error;
      // Half of it at least, so that clients that failed together come back apart.
      const wait = error.after ?? pause * (0.5 + Math.random() / 2);
      if (performance.now() + wait >= deadline) throw error;
      await sleep(wait);
      pause = Math.min(pause * 2, longestPause);
    }
  }
}

/**
 * Whether a status may pass by itself.
 * @param {number} status
 */
export function isTransient(status) {
  return [408, 429, 500, 502, 503, 504].includes(status);
}

/**
 * An answer as an error, which tells whether it may pass and when to ask again.
 * @param {Refused['tag']} tag
 * @param {string} words
 * @param {Response} answer
 */
export function refused(tag, words, { status, headers }) {
  const after = retryAfter(headers, Date.now());
  return new Refused(tag, words, { isTransient: isTransient(status), after });
}

/**
 * `Retry-After` (RFC 9110 section 10.2.3) in milliseconds: seconds or a date, capped.
 * @param {Headers} headers
 * @param {number} now
 */
export function retryAfter(headers, now) {
  const text = headers.get('retry-after')?.trim() ?? '';
  const wish = /^\d+$/.test(text) ? Number(text) * 1000 : dateIn(text) - now;
  return Number.isNaN(wish) ? undefined : Math.min(Math.max(wish, 0), longestWish);
}

/**
 * JavaScript takes more for a date than HTTP does.
 * @param {string} text
 */
function dateIn(text) {
  return text.endsWith(' GMT') ? Date.parse(text) : NaN;
}

/** @param {number} milliseconds */
export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const longestOperation = 300_000;
const longestPause = 5_000;
/** The longest pause that a server is granted. */
const longestWish = 60_000;
