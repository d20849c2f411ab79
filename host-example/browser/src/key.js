// A key that was opened, as the page has it.

import { CosignetError } from './errors.js';

/** An open private key. It is in the component, in the worker, and never leaves it. */
export class Key {
  #client;
  #id;

  /**
   * @param {import('./worker/client.js').Client} client
   * @param {import('./offline.js').PublicKeyInfo & { id: number }} opened
   */
  constructor(client, { id, algorithm, pem, fingerprint }) {
    this.#client = client;
    this.#id = id;
    this.algorithm = algorithm;
    /** The public key. */
    this.pem = pem;
    this.fingerprint = fingerprint;
  }

  /**
   * What a worker calls it, which must be the one that opened it: elsewhere the number means another
   * key.
   * @param {Key} key
   * @param {import('./worker/client.js').Client} client
   */
  static idOf(key, client) {
    if (key instanceof Key && key.#client === client) return key.#id;
    throw new CosignetError('invalid-argument', 'expected a key that was opened here');
  }

  /**
   * Wipes it.
   * @returns {Promise<void>}
   */
  close() {
    return this.#client.call('closeKey', this.#id);
  }
}
