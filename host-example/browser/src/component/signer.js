// The `signer` world, instantiated: its imports are asynchronous, which takes JSPI.

import { instantiate } from '../../dist/signer/component.js';
import { CosignetError } from '../errors.js';
import { sideBySide } from '../imports/exchange.js';
import { keyService } from '../imports/key-service.js';
import { getRandomBytes } from '../imports/random.js';
import { RegistryClient } from '../imports/registry/client.js';
import { RekorClient } from '../imports/rekor.js';
import { compileFrom } from './compile.js';
import { hasJspi } from './jspi.js';

const folder = new URL('../../dist/signer/', import.meta.url);

/** @typedef {import('../../dist/signer/component.js').Root} Exports */

/**
 * What a worker can be told of `SignerOptions`.
 * @typedef {object} Settings
 * @property {import('../imports/registry/client.js').RegistryOptions} [registry]
 * @property {import('../imports/rekor.js').RekorOptions} [rekor] The log; otherwise there is none.
 * @property {import('../imports/retry.js').RetryOptions} [retry] Of requests to registries and logs.
 */

/**
 * @param {Settings & { keyServiceTimeout?: number }} settings
 * @param {import('../worker/questions.js').Ask} ask
 * @returns {Promise<Exports>}
 */
export async function instantiateSigner({ registry = {}, rekor, retry, keyServiceTimeout }, ask) {
  if (!hasJspi()) {
    throw new CosignetError(
      'no-jspi',
      'this engine has no JavaScript Promise Integration for WebAssembly: take Chrome or Edge 137, ' +
        'Firefox 153, Safari 27 or Node 24, or newer; `cosignet/offline` needs none',
    );
  }
  const client = new RegistryClient(registry, retry);
  const log = new RekorClient(rekor, retry);
  /** @type {any} The types have names with versions, and no promises. */
  const imports = {
    'cosignet:signing/registry': {
      resolve: lists((/** @type {any} */ one) => client.resolve(one)),
      fetchManifests: lists((/** @type {any} */ one) => client.fetchManifest(one)),
      fetchBlobs: lists((/** @type {any} */ one) => client.fetchBlob(one)),
      listReferrers: lists((/** @type {any} */ one) => client.listReferrers(one)),
    },
    'cosignet:signing/registry-push': {
      pushBlobs: lists((/** @type {any} */ one) => client.pushBlob(one)),
      pushManifests: lists((/** @type {any} */ one) => client.pushManifest(one)),
      deleteManifests: lists((/** @type {any} */ one) => client.deleteManifest(one)),
    },
    'cosignet:signing/transparency-log': {
      submit: lists((/** @type {any} */ one) => log.submit(one)),
      fetchEntries: lists((/** @type {any} */ one) => log.fetchEntry(one)),
      searchEntries: lists((/** @type {any} */ one) => log.searchEntries(one)),
      fetchTiles: lists((/** @type {any} */ one) => log.fetchTile(one)),
    },
    'cosignet:signing/key-service': keyService(ask, keyServiceTimeout),
    'wasi:random/random': { getRandomBytes },
  };
  return instantiate(compileFrom(folder), imports);
}

/**
 * @template T, R
 * @param {(request: T) => Promise<R>} serve
 */
function lists(serve) {
  return (/** @type {T[]} */ requests) => sideBySide(requests, serve);
}
