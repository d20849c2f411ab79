// The page's side of a worker: calls are promises, and the worker's questions are answered.

import { CosignetError } from '../errors.js';
import { Pending } from './pending.js';
import { spawn } from './spawn.js';
import { errorOfProblem, problemOf } from './wire.js';

/**
 * What the worker may ask of the page, by name.
 * @typedef {Record<string, (...args: any[]) => unknown>} Services
 */

/** A worker that is called. */
export class Client {
  #pending = new Pending();
  #services;
  /** @type {import('./spawn.js').Thread | undefined} */
  #thread;
  /** @type {CosignetError | undefined} */
  #over;

  /** @param {Services} services */
  constructor(services) {
    this.#services = services;
  }

  /**
   * @param {URL} module The worker's.
   * @param {unknown} options What it is started with.
   * @param {Services} [services]
   */
  static async start(module, options, services = {}) {
    const client = new Client(services);
    client.#thread = await spawn(
      module,
      (message) => {
        if ('question' in message) void client.#answer(message);
        else client.#settle(message);
      },
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
    const { id, outcome } = this.#pending.add();
    try {
      this.#thread?.send({ id, name, args });
    } catch {
      this.#pending.take(id);
      throw new CosignetError('invalid-argument', `${name}: an argument cannot go to a worker`);
    }
    return outcome;
  }

  /** Ends the worker; its memory, open keys included, is gone. */
  close() {
    this.#end(new CosignetError('closed', 'it was closed'));
  }

  /** @param {import('./wire.js').Outcome} outcome */
  #settle(outcome) {
    const waiting = this.#pending.take(outcome.id);
    if ('problem' in outcome) {
      const error = errorOfProblem(outcome.problem);
      waiting?.reject(error);
      // After a trap nothing that the component says can be relied on.
      if (error.code === 'internal') this.#end(error);
    } else {
      waiting?.resolve(outcome.value);
    }
  }

  /** @param {import('./wire.js').Question} question */
  async #answer({ question: id, name, args }) {
    /** @type {import('./wire.js').Reply} */
    let reply;
    try {
      const service = Object.hasOwn(this.#services, name) ? this.#services[name] : undefined;
      if (!service) throw new CosignetError('unsupported', 'nothing is lent here that could do it');
      reply = { reply: id, value: await service(...args) };
    } catch (thrown) {
      reply = { reply: id, problem: problemOf(thrown) };
    }
    try {
      this.#thread?.send(reply);
    } catch {
      const error = new CosignetError('other', 'the answer cannot go to a worker');
      this.#thread?.send({ reply: id, problem: problemOf(error) });
    }
  }

  /** @param {CosignetError} why */
  #end(why) {
    this.#over ??= why;
    this.#thread?.end();
    this.#pending.rejectAll(why);
  }
}
