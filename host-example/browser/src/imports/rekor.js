// A client of one Rekor, v1 or v2, over `fetch`. What comes back is verified by the component.

import { Refused, exchange, said, shown } from './exchange.js';
import { isTransient, refused, retrying } from './retry.js';

/**
 * @typedef {object} RekorOptions
 * @property {string} url `http[s]://HOST[:PORT][/PATH]`
 */

/** The functions of `transparency-log`, one request each. */
export class RekorClient {
  #base;
  #retry;

  /**
   * @param {RekorOptions | undefined} options
   * @param {import('./retry.js').RetryOptions} [retry]
   */
  constructor(options, retry = {}) {
    this.#retry = retry;
    this.#base = options && new URL(`${options.url.replace(/\/+$/, '')}/`);
  }

  /** @param {import('../../dist/signer/interfaces/cosignet-signing-transparency-log.js').Submission} submission */
  async submit({ api, entry, maxSize }) {
    const what = 'submit an entry';
    const path = api === 'rekor-v1' ? entries : 'api/v2/log/entries';
    const { response, body } = await this.#post(what, path, entry, maxSize);
    if (response.status === 409) {
      return { tag: /** @type {const} */ ('already-logged'), val: nameIn(what, api, response) };
    }
    return { tag: /** @type {const} */ ('logged'), val: succeed(what, response, body) };
  }

  /** @param {{ uuid: string, maxSize: bigint }} request */
  async fetchEntry({ uuid, maxSize }) {
    if (!isUuid.test(uuid)) throw new Refused('invalid', 'expected a UUID of 64 or 80 digits');
    return this.#get('fetch an entry', `${entries}/${uuid}`, maxSize);
  }

  /** @param {{ query: Uint8Array, maxSize: bigint }} request */
  async searchEntries({ query, maxSize }) {
    const what = 'search entries';
    const { response, body } = await this.#post(what, `${entries}/retrieve`, query, maxSize);
    return succeed(what, response, body);
  }

  /** @param {{ path: string, maxSize: bigint }} request */
  async fetchTile({ path, maxSize }) {
    if (!isTile.test(path)) throw new Refused('invalid', 'expected a checkpoint or a tile');
    return this.#get('fetch a tile', `api/v2/${path}`, maxSize);
  }

  /**
   * @param {string} what
   * @param {string} path
   * @param {bigint} limit
   */
  async #get(what, path, limit) {
    const { response, body } = await this.#send(what, path, {}, limit);
    return succeed(what, response, body);
  }

  /**
   * @param {string} what
   * @param {string} path
   * @param {Uint8Array} json
   * @param {bigint} limit
   */
  #post(what, path, json, limit) {
    const headers = { Accept: 'application/json', 'Content-Type': 'application/json' };
    const body = /** @type {Uint8Array<ArrayBuffer>} */ (json);
    const init = { method: 'POST', headers, body };
    return this.#send(what, path, init, limit);
  }

  /**
   * Sends, again while failures may pass. To post an entry twice is safe: the log answers 409 then.
   * @param {string} what
   * @param {string} path
   * @param {RequestInit} init
   * @param {bigint} limit
   */
  async #send(what, path, init, limit) {
    const url = this.#url(path);
    return retrying(this.#retry, async () => {
      const answer = await exchange(what, url, init, Number(limit));
      if (isTransient(answer.response.status)) throw refusal(what, answer.response, answer.body);
      return answer;
    });
  }

  /** @param {string} path */
  #url(path) {
    if (!this.#base) throw new Refused('unsupported', 'no log was named: give `rekor: { url }`');
    return new URL(path, this.#base);
  }
}

/**
 * @param {string} what
 * @param {Response} response
 * @param {Uint8Array} body
 */
function succeed(what, response, body) {
  if (response.ok) return body;
  throw refusal(what, response, body);
}

/**
 * @param {string} what
 * @param {Response} response
 * @param {Uint8Array} body
 */
function refusal(what, response, body) {
  const { url, status } = response;
  const words = `${what}: ${shown(url)} answered ${status}${said(body)}`;
  return refused(refusalOf(status), words, response);
}

/** @param {number} status */
function refusalOf(status) {
  if (status === 404) return 'not-found';
  if (status === 401 || status === 403) return 'denied';
  if (status === 501) return 'unsupported';
  return status === 408 || status === 429 || status >= 500 ? 'unavailable' : 'refused';
}

/**
 * What an entry that was there before is called.
 * @param {string} what
 * @param {string} api
 * @param {Response} response
 */
function nameIn(what, api, response) {
  const [header, form] =
    api === 'rekor-v1'
      ? ['location', /(?:^|\/)((?:[0-9a-f]{64}|[0-9a-f]{80}))(?:[?#]|$)/]
      : ['x-log-index', /^(\d{1,20})$/];
  const name = form.exec(response.headers.get(header) ?? '')?.[1];
  if (name) return name;
  throw new Refused(
    'invalid',
    `${what}: ${shown(response.url)} answered 409, and tells this page no ${header}`,
  );
}

const entries = 'api/v1/log/entries';
const isUuid = /^(?:[0-9a-f]{64}|[0-9a-f]{80})$/i;
const isTile = /^(?:checkpoint|tile(?:\/(?:entries|x?\d{1,3}(?:\.p)?))+)$/;
