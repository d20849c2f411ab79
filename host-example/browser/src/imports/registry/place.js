// Where a repository is: `HOST[:PORT]/PATH` as URLs.

import { Refused } from '../exchange.js';

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
export function placeOf(repository, plainHttp) {
  const [, host = '', path = ''] = /^([^/]+)\/(.+)$/.exec(repository) ?? [];
  if (!isHost.test(host) || !isPath.test(path)) {
    throw new Refused('invalid', `repository ${JSON.stringify(repository)}: expected HOST/PATH`);
  }
  const api = dockerHub.includes(host) ? 'registry-1.docker.io' : host;
  const scheme = isLoopback(api) || plainHttp.includes(host) ? 'http' : 'https';
  return { host, path, base: new URL(`${scheme}://${api}/v2/${path}/`) };
}

/**
 * Whether it names this machine.
 * @param {string} host
 */
export function isLoopback(host) {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/.test(host);
}

/**
 * Only then may it become part of a URL.
 * @param {string} reference
 */
export function checkReference(reference) {
  if (isDigest.test(reference) || isTag.test(reference)) return;
  throw new Refused('invalid', `${JSON.stringify(reference)}: expected a tag or a digest`);
}

const isHost = /^(\[[0-9a-f:.]+\]|[\w-]+(\.[\w-]+)*)(:\d{1,5})?$/i;
const isPath =
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const isTag = /^\w[\w.-]{0,127}$/;
const isDigest = /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
const dockerHub = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];
