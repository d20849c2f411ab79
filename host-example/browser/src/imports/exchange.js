// One request over `fetch`, with bounds on the time and on the bytes of its answer.

/**
 * What stands between a request and its answer: a case of `registry-error` or `log-error`.
 * @typedef {object} Refusal
 * @property {'not-found' | 'denied' | 'unavailable' | 'refused' | 'too-large' | 'invalid' | 'unsupported'} tag
 * @property {string} val
 */

/** Thrown where there is no answer to hand on. */
export class Refused extends Error {
  /**
   * @param {Refusal['tag']} tag
   * @param {string} words
   * @param {{ isTransient?: boolean, after?: number | undefined }} [passing]
   */
  constructor(tag, words, { isTransient = false, after } = {}) {
    super(words);
    this.tag = tag;
    /** Whether the next attempt may fare better, */
    this.isTransient = isTransient;
    /** and in how many milliseconds, where the server says so. */
    this.after = after;
  }
}

/** Thrown where no answer came, or none that this page may read. */
export class Unreached extends Refused {
  /** @param {string} words */
  constructor(words) {
    super('unavailable', words, { isTransient: true });
  }
}

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
export async function exchange(what, url, init, limit) {
  const request = {
    ...init,
    credentials: /** @type {const} */ ('omit'),
    cache: /** @type {const} */ ('no-store'),
    referrerPolicy: /** @type {const} */ ('no-referrer'),
    signal: AbortSignal.timeout(longest),
  };
  try {
    const response = await fetch(url, request);
    const most = response.ok ? limit : mostSaid;
    const body = await read(response, most);
    if (body) return { response, body };
    if (!response.ok) return { response, body: new Uint8Array() };
  } catch (error) {
    throw new Unreached(`${what}: ${shown(url)}: ${unreachable(error)}`);
  }
  throw new Refused('too-large', `${what}: the answer has more than ${limit} bytes`);
}

/**
 * Whether a server answers at all, even if a page may not read what.
 * @param {URL} url
 */
export async function answersUnread(url) {
  const signal = AbortSignal.timeout(longest);
  try {
    await fetch(url, { mode: 'no-cors', credentials: 'omit', cache: 'no-store', signal });
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs the requests of a list side by side; an answer for each, in their order.
 * @template T, R
 * @param {T[]} requests
 * @param {(request: T) => Promise<R>} serve
 * @returns {Promise<({ tag: 'ok', val: R } | { tag: 'err', val: any })[]>}
 */
export function sideBySide(requests, serve) {
  return Promise.all(
    requests.map(async (request) => {
      try {
        return { tag: /** @type {const} */ ('ok'), val: await serve(request) };
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        return { tag: /** @type {const} */ ('err'), val: { tag: error.tag, val: error.message } };
      }
    }),
  );
}

/**
 * A URL without user information and query, which may be secret.
 * @param {URL | string} url
 */
export function shown(url) {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/**
 * What an error body says, shortened and on one line.
 * @param {Uint8Array} body
 */
export function said(body) {
  const text = new TextDecoder().decode(body).trim();
  if (text === '' || text.startsWith('<')) return '';
  const printable = text.replace(/[^\P{C}]+|\s+/gu, ' ');
  return `: ${printable.length > mostShown ? `${printable.slice(0, mostShown)}…` : printable}`;
}

/**
 * The body, or nothing where it is longer.
 * @param {Response} response
 * @param {number} limit
 */
async function read(response, limit) {
  /** @type {Uint8Array[]} */
  const pieces = [];
  let length = 0;
  for (const reader = response.body?.getReader(); reader;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > limit) {
      await reader.cancel();
      return undefined;
    }
    pieces.push(value);
  }
  const body = new Uint8Array(length);
  let start = 0;
  for (const piece of pieces) {
    body.set(piece, start);
    start += piece.length;
  }
  return body;
}

/** @param {unknown} error */
function unreachable(error) {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `no answer within ${longest / 1000} seconds`;
  }
  // Browsers tell a page no more than that it failed.
  return 'it cannot be reached, or it does not let pages of this origin read its answers (CORS)';
}

const longest = 60_000;
const mostSaid = 64 * 1024;
const mostShown = 500;
