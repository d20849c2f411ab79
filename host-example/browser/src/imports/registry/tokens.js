// Answering challenges: credentials to whom they belong, tokens for as long as they live.

import { Refused, exchange, shown } from '../exchange.js';
import { isTransient, refused } from '../retry.js';
import { choose, scopes } from './challenge.js';
import { isLoopback } from './place.js';

/**
 * Who one is at a registry.
 * @typedef {object} Credentials
 * @property {string} username
 * @property {string} password
 */

/** What registries are known to want, and what was got for it. */
export class Tokens {
  /** @type {Map<string, { authorization: string, expires: number }>} */
  #known = new Map();
  #credentials;
  #trustedRealms;

  /**
   * @param {Record<string, Credentials>} credentials By host.
   * @param {string[]} trustedRealms Hosts of token services that may have them.
   */
  constructor(credentials, trustedRealms) {
    this.#credentials = credentials;
    this.#trustedRealms = trustedRealms;
  }

  /**
   * @param {import('./place.js').Place} place
   * @param {string[]} actions
   */
  known({ host, path }, actions) {
    const found = this.#known.get(key(host, path, actions));
    return found && performance.now() < found.expires ? found.authorization : undefined;
  }

  /**
   * Meets the challenge of a 401; nothing where there is no way.
   * @param {string} what
   * @param {import('./place.js').Place} place
   * @param {string[]} actions
   * @param {string} header
   */
  async meet(what, place, actions, header) {
    const challenge = choose(header);
    if (!challenge) return undefined;
    const own = this.#credentials[place.host];
    const basic = own && `Basic ${base64(`${own.username}:${own.password}`)}`;
    if (challenge.scheme === 'basic') {
      if (basic) this.#remember(place, actions, basic, Infinity);
      return basic;
    }
    const realm = this.#realm(what, place, challenge.parameters['realm'] ?? '', own !== undefined);
    const { service } = challenge.parameters;
    if (service) realm.searchParams.set('service', service);
    for (const scope of scopes(challenge, place.path, actions)) {
      realm.searchParams.append('scope', scope);
    }
    const headers = basic ? { Authorization: basic } : undefined;
    const { response, body } = await exchange(
      `${what}: token`,
      realm,
      { ...(headers && { headers }) },
      mostToken,
    );
    if (!response.ok) {
      const words = `${what}: ${shown(realm)} answered ${response.status}`;
      throw refused(isTransient(response.status) ? 'unavailable' : 'denied', words, response);
    }
    const { token, seconds } = tokenIn(what, realm, body);
    const authorization = `Bearer ${token}`;
    this.#remember(place, actions, authorization, seconds);
    return authorization;
  }

  /**
   * The token service that a registry names: over https, and only one that is known to be its own may
   * have the registry's credentials.
   * @param {string} what
   * @param {import('./place.js').Place} place
   * @param {string} named
   * @param {boolean} withCredentials
   */
  #realm(what, { host, base }, named, withCredentials) {
    const realm = URL.canParse(named) ? new URL(named) : undefined;
    if (!realm || realm.username || realm.password) {
      throw new Refused('invalid', `${what}: ${host} names a malformed realm`);
    }
    if (realm.protocol !== 'https:' && !(realm.protocol === 'http:' && isLoopback(realm.host))) {
      throw new Refused('denied', `${what}: ${host} names a realm without TLS, ${shown(realm)}`);
    }
    const own = [base.hostname, ...(base.hostname === hubApi ? [hubRealm] : [])];
    if (withCredentials && ![...own, ...this.#trustedRealms].includes(realm.hostname)) {
      throw new Refused(
        'denied',
        `${what}: ${host} asks for its credentials to be sent to ${realm.host}, which is not known ` +
          'to belong to it; if it does, name it in `trustedRealms`',
      );
    }
    return realm;
  }

  /**
   * @param {import('./place.js').Place} place
   * @param {string[]} actions
   * @param {string} authorization
   * @param {number} seconds
   */
  #remember({ host, path }, actions, authorization, seconds) {
    const expires = performance.now() + seconds * 1000;
    this.#known.set(key(host, path, actions), { authorization, expires });
  }
}

/**
 * @param {string} host
 * @param {string} path
 * @param {string[]} actions
 */
function key(host, path, actions) {
  return `${host}/${path} ${actions.join()}`;
}

/**
 * @param {string} what
 * @param {URL} realm
 * @param {Uint8Array} body
 */
function tokenIn(what, realm, body) {
  try {
    const { token, access_token, expires_in = 60 } = JSON.parse(new TextDecoder().decode(body));
    const found = token ?? access_token;
    if (typeof found === 'string' && isToken.test(found)) {
      return { token: found, seconds: Number(expires_in) * 0.9 };
    }
  } catch {
    // Told below.
  }
  throw new Refused('invalid', `${what}: ${shown(realm)} answered without a token`);
}

/** @param {string} text */
function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

const isToken = /^[\x21-\x7e]+$/;
const mostToken = 64 * 1024;
const hubApi = 'registry-1.docker.io';
const hubRealm = 'auth.docker.io';
