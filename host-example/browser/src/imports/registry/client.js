// A client of OCI registries (distribution specification 1.1) over `fetch`. It believes nothing and
// hashes nothing: the component does.

import { Refused, Unreached, answersUnread, exchange, said, shown } from '../exchange.js';
import { isTransient, refused, retrying, sleep } from '../retry.js';
import { checkReference, placeOf } from './place.js';
import { Tokens } from './tokens.js';

/**
 * @typedef {object} RegistryOptions
 * @property {Record<string, import('./tokens.js').Credentials>} [credentials] By host, with its port.
 * @property {string[]} [plainHttp] Hosts that are spoken to without TLS; this machine is in any case.
 * @property {string[]} [trustedRealms] Token services on other hosts that may have the credentials.
 */

/** @typedef {import('./place.js').Place} Place */
/** @typedef {import('../exchange.js').Answer} Answer */

const pull = ['pull'];
const push = ['pull', 'push'];
const remove = ['pull', 'push', 'delete'];

/** The functions of `registry` and `registry-push`, one request each. */
export class RegistryClient {
  #plainHttp;
  #tokens;
  #retry;
  /** How long the slowest request took, in milliseconds. */
  #slowest = 0;

  /**
   * @param {RegistryOptions} options
   * @param {import('../retry.js').RetryOptions} [retry]
   */
  constructor({ credentials = {}, plainHttp = [], trustedRealms = [] }, retry = {}) {
    this.#retry = retry;
    this.#plainHttp = plainHttp;
    this.#tokens = new Tokens(credentials, trustedRealms);
  }

  /** @param {{ repository: string, tag: string }} request */
  async resolve({ repository, tag }) {
    checkReference(tag);
    const place = this.#place(repository);
    const what = `resolve ${named(repository, tag)}`;
    const path = `manifests/${tag}`;
    const head = await this.#ask(what, place, pull, path, { method: 'HEAD', headers: manifests });
    const digest = head.response.headers.get('docker-content-digest');
    const size = Number(head.response.headers.get('content-length'));
    if (digest && size > 0) return { mediaType: mediaType(what, head), digest, size: BigInt(size) };
    // Not every registry lets a page read these headers.
    const whole = await this.#ask(what, place, pull, path, { headers: manifests }, mostManifest);
    return {
      mediaType: mediaType(what, whole),
      digest: tag.includes(':') ? tag : await sha256(whole.body),
      size: BigInt(whole.body.length),
    };
  }

  /** @param {{ repository: string, reference: string, maxSize: bigint, afterMs: number }} request */
  async fetchManifest({ repository, reference, maxSize, afterMs }) {
    checkReference(reference);
    if (afterMs > 0) await sleep(Math.max(afterMs, 4 * this.#slowest));
    const what = `fetch manifest ${named(repository, reference)}`;
    const init = { headers: manifests };
    const place = this.#place(repository);
    const path = `manifests/${reference}`;
    const answer = await this.#ask(what, place, pull, path, init, Number(maxSize));
    return { mediaType: mediaType(what, answer), content: answer.body };
  }

  /** @param {{ repository: string, digest: string, maxSize: bigint }} request */
  async fetchBlob({ repository, digest, maxSize }) {
    checkReference(digest);
    const what = `fetch blob ${named(repository, digest)}`;
    const place = this.#place(repository);
    return (await this.#ask(what, place, pull, `blobs/${digest}`, {}, Number(maxSize))).body;
  }

  /** @param {{ repository: string, digest: string, maxSize: bigint }} request */
  async listReferrers({ repository, digest, maxSize }) {
    checkReference(digest);
    const place = this.#place(repository);
    const what = `list referrers of ${named(repository, digest)}`;
    const headers = { Accept: 'application/vnd.oci.image.index.v1+json' };
    const pages = [];
    let left = Number(maxSize);
    for (let url = new URL(`referrers/${digest}`, place.base); pages.length < mostPages;) {
      const page = url;
      const answer = await retrying(this.#retry, () =>
        this.#page(what, place, page, { headers }, left),
      );
      if (pages.length === 0 && noList.includes(answer.response.status)) {
        throw new Refused('unsupported', `${what}: ${shown(url)} has no such list`);
      }
      succeed(what, answer);
      pages.push({ mediaType: mediaType(what, answer), content: answer.body });
      left -= answer.body.length;
      const next = /<([^>]*)>[^<]*;\s*rel="?next"?/i.exec(
        answer.response.headers.get('link') ?? '',
      );
      if (!next) return pages;
      url = new URL(next[1] ?? '', url);
    }
    throw new Refused('invalid', `${what}: the list has more than ${mostPages} pages`);
  }

  /**
   * A page of a list, asked for once. Docker's registry 2 answers paths that it does not know without the
   * headers that it is told to send, so a page of a browser cannot read that 404. Where it answers, and
   * lets its other answers be read, it has no such list.
   * @param {string} what
   * @param {Place} place
   * @param {URL} url
   * @param {RequestInit} init
   * @param {number} limit
   */
  async #page(what, place, url, init, limit) {
    try {
      return await this.#attempt(what, place, pull, url, init, limit);
    } catch (error) {
      if (!(error instanceof Unreached) || !(await answersUnread(url))) throw error;
      await exchange(what, new URL('/v2/', url), {}, mostIgnored);
      throw new Refused('unsupported', `${what}: ${shown(url)} has no such list`);
    }
  }

  /** @param {{ repository: string, digest: string, content: Uint8Array }} blob */
  async pushBlob({ repository, digest, content }) {
    checkReference(digest);
    const place = this.#place(repository);
    const what = `push blob ${named(repository, digest)}`;
    // An upload that failed is begun anew: its session may be half written.
    await retrying(this.#retry, () => this.#upload(what, place, digest, content));
  }

  /**
   * @param {string} what
   * @param {Place} place
   * @param {string} digest
   * @param {Uint8Array} content
   */
  async #upload(what, place, digest, content) {
    const uploads = new URL('blobs/uploads/', place.base);
    const begun = succeed(
      what,
      await this.#attempt(what, place, push, uploads, { method: 'POST' }),
    );
    const location = begun.response.headers.get('location');
    if (!location) {
      throw new Refused(
        'invalid',
        `${what}: ${place.host} tells this page no Location: it must be in its ` +
          'Access-Control-Expose-Headers',
      );
    }
    const upload = new URL(location, begun.response.url);
    upload.searchParams.append('digest', digest);
    const headers = { 'Content-Type': 'application/octet-stream' };
    const body = /** @type {Uint8Array<ArrayBuffer>} */ (content);
    const init = { method: 'PUT', headers, body };
    succeed(what, await this.#attempt(what, place, push, upload, init));
  }

  /** @param {{ repository: string, reference: string, mediaType: string, content: Uint8Array }} manifest */
  async pushManifest({ repository, reference, mediaType, content }) {
    checkReference(reference);
    const what = `push manifest ${named(repository, reference)}`;
    await this.#ask(what, this.#place(repository), push, `manifests/${reference}`, {
      method: 'PUT',
      headers: { 'Content-Type': mediaType },
      body: /** @type {Uint8Array<ArrayBuffer>} */ (content),
    });
  }

  /** @param {{ repository: string, digest: string }} manifest */
  async deleteManifest({ repository, digest }) {
    checkReference(digest);
    const what = `delete manifest ${named(repository, digest)}`;
    const place = this.#place(repository);
    await this.#ask(what, place, remove, `manifests/${digest}`, { method: 'DELETE' });
  }

  /** @param {string} repository */
  #place(repository) {
    return placeOf(repository, this.#plainHttp);
  }

  /**
   * A request below the repository, which must succeed.
   * @param {string} what
   * @param {Place} place
   * @param {string[]} actions
   * @param {string} path
   * @param {RequestInit} init
   * @param {number} [limit]
   */
  async #ask(what, place, actions, path, init, limit) {
    const url = new URL(path, place.base);
    const answer = await retrying(this.#retry, () =>
      this.#attempt(what, place, actions, url, init, limit),
    );
    return succeed(what, answer);
  }

  /**
   * Sends once; twice when the registry asks for authorization, which goes to the registry alone. A
   * status that may pass is an error.
   * @param {string} what
   * @param {Place} place
   * @param {string[]} actions
   * @param {URL} url
   * @param {RequestInit} init
   * @param {number} [limit]
   */
  async #attempt(what, place, actions, url, init, limit = mostIgnored) {
    if (url.protocol !== 'https:' && url.origin !== place.base.origin) {
      throw new Refused('denied', `${what}: ${place.host} sends on to ${url.origin} without TLS`);
    }
    const isOwn = url.origin === place.base.origin;
    const known = isOwn ? this.#tokens.known(place, actions) : undefined;
    let answer = await this.#timed(what, url, authorized(init, known), limit);
    if (answer.response.status === 401 && isOwn) {
      const challenge = answer.response.headers.get('www-authenticate') ?? '';
      const fresh = await this.#tokens.meet(what, place, actions, challenge);
      if (!fresh || fresh === known) return answer;
      answer = await this.#timed(what, url, authorized(init, fresh), limit);
    }
    if (isTransient(answer.response.status)) throw refusal(what, answer);
    return answer;
  }

  /**
   * @param {string} what
   * @param {URL} url
   * @param {RequestInit} init
   * @param {number} limit
   */
  async #timed(what, url, init, limit) {
    const begin = performance.now();
    try {
      return await exchange(what, url, init, limit);
    } finally {
      this.#slowest = Math.max(this.#slowest, performance.now() - begin);
    }
  }
}

/**
 * @param {RequestInit} init
 * @param {string | undefined} authorization
 * @returns {RequestInit}
 */
function authorized(init, authorization) {
  if (!authorization) return init;
  return { ...init, headers: { ...init.headers, Authorization: authorization } };
}

/**
 * @param {string} what
 * @param {Answer} answer
 */
function succeed(what, answer) {
  if (answer.response.ok) return answer;
  throw refusal(what, answer);
}

/**
 * @param {string} what
 * @param {Answer} answer
 */
function refusal(what, { response, body }) {
  const { url, status } = response;
  const words = `${what}: ${shown(url)} answered ${status}${said(body)}`;
  return refused(refusalOf(status), words, response);
}

/** @param {number} status */
function refusalOf(status) {
  if (status === 404) return 'not-found';
  if (status === 401 || status === 403) return 'denied';
  if (status === 405 || status === 501) return 'unsupported';
  return status === 408 || status === 429 || status >= 500 ? 'unavailable' : 'invalid';
}

/**
 * A manifest without a media type could be read as anything (CVE-2021-41190).
 * @param {string} what
 * @param {Answer} answer
 */
function mediaType(what, { response }) {
  const type = response.headers.get('content-type')?.split(';')[0]?.trim();
  if (!type) throw new Refused('invalid', `${what}: the registry answered without Content-Type`);
  return type;
}

/**
 * @param {string} repository
 * @param {string} reference
 */
function named(repository, reference) {
  return `${repository}${reference.includes(':') ? '@' : ':'}${reference}`;
}

/** @param {Uint8Array} content */
async function sha256(content) {
  const bytes = /** @type {Uint8Array<ArrayBuffer>} */ (content);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return `sha256:${Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

const manifests = {
  Accept: [
    'application/vnd.docker.distribution.manifest.v2+json',
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.list.v2+json',
    'application/vnd.oci.image.index.v1+json',
  ].join(','),
};
/** What those say who keep no list of referrers. */
const noList = [400, 404, 405, 406, 501];
const mostPages = 64;
const mostManifest = 4 << 20;
const mostIgnored = 64 * 1024;
