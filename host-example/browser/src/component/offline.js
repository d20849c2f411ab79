// The `offline` world, instantiated: it can ask for randomness, and nothing else.

import { instantiate } from '../../dist/offline/component.js';
import { getRandomBytes } from '../imports/random.js';
import { compileFrom } from './compile.js';

const folder = new URL('../../dist/offline/', import.meta.url);

/** @typedef {import('../../dist/offline/component.js').Root} Exports */

/** @returns {Promise<Exports>} */
export async function instantiateOffline() {
  /** @type {any} The types have names with versions, the code reads them without. */
  const imports = { 'wasi:random/random': { getRandomBytes } };
  return instantiate(compileFrom(folder), imports);
}
