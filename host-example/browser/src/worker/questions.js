// The worker's side of questions: what only the page can do.

import { Pending } from './pending.js';
import { errorOfProblem } from './wire.js';

/**
 * Asks the page, which answers in its own time.
 * @typedef {(name: string, ...args: unknown[]) => Promise<unknown>} Ask
 */

/** Questions that wait for their replies. */
export class Questions {
  #pending = new Pending();
  #send;

  /** @param {(question: import('./wire.js').Question) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** @type {Ask} */
  ask = (name, ...args) => {
    const { id, outcome } = this.#pending.add();
    this.#send({ question: id, name, args });
    return outcome;
  };

  /** @param {import('./wire.js').Reply} reply */
  settle(reply) {
    const waiting = this.#pending.take(reply.reply);
    if ('problem' in reply) waiting?.reject(errorOfProblem(reply.problem));
    else waiting?.resolve(reply.value);
  }
}
