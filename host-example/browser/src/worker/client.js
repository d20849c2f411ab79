// The page's side of a worker: calls are promises.

import { CosignetError } from '../errors.js';
import { spawn } from './spawn.js';
import { errorOfProblem } from './wire.js';

/** A worker that is called. */
export class Client {
  /** @type {Map<number, PromiseWithResolvers<any>>} */
  #waiting = new Map();
  #nextCall = 1;
  /** @type {import('./spawn.js').Thread | undefined} */
  #thread;
  /** @type {CosignetError | undefined} */
  #over;

  /**
   * @param {URL} module The worker's.
   * @param {unknown} options What it is started with.
   */
  static async start(module, options) {
    const client = new Client();
    client.#thread = await spawn(
      module,
      (outcome) => client.#settle(outcome),
      (why) => client.#end(new CosignetError('internal', `the worker failed: ${why}`)),
    );
    try {
      await client.call('start', options);
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  /**
   * @param {string} name
   * @param {...unknown} args
   * @returns {Promise<any>}
   */
  async call(name, ...args) {
    if (this.#over) throw this.#over;
    const id = this.#nextCall++;
    const outcome = withResolvers();
    this.#waiting.set(id, outcome);
    try {
      this.#thread?.send({ id, name, args });
    } catch {
      this.#waiting.delete(id);
      throw new CosignetError('invalid-argument', `${name}: an argument cannot go to a worker`);
    }
    return outcome.promise;
  }

  /** Ends the worker; its memory, open keys included, is gone. */
  close() {
    this.#end(new CosignetError('closed', 'it was closed'));
  }

  /** @param {import('./wire.js').Outcome} outcome */
  #settle(outcome) {
    const waiting = this.#waiting.get(outcome.id);
    this.#waiting.delete(outcome.id);
    if ('problem' in outcome) {
      const error = errorOfProblem(outcome.problem);
      waiting?.reject(error);
      // After a trap nothing that the component says can be relied on.
      if (error.code === 'internal') this.#end(error);
    } else {
      waiting?.resolve(outcome.value);
    }
  }

  /** @param {CosignetError} why */
  #end(why) {
    this.#over ??= why;
    this.#thread?.end();
    for (const waiting of this.#waiting.values()) waiting.reject(why);
    this.#waiting.clear();
  }
}

/** `Promise.withResolvers`, which Node 20 has not. */
function withResolvers() {
  /** @type {any} */
  const outcome = {};
  outcome.promise = new Promise((resolve, reject) => Object.assign(outcome, { resolve, reject }));
  return /** @type {PromiseWithResolvers<any>} */ (outcome);
}
