// The worker's side: one component, one call at a time.

import { Questions } from './questions.js';
import { problemOf } from './wire.js';

/**
 * Answers calls. The first starts the component; each waits for the one before it, since a component
 * that waits for the outside cannot be entered again.
 * @param {(options: any, ask: import('./questions.js').Ask) => Promise<object>} start Makes the object
 *   whose methods are the calls.
 */
export async function serve(start) {
  const port = await openPort();
  const questions = new Questions((question) => port.send(question));
  /** @type {Promise<unknown>} */
  let before = Promise.resolve();
  /** @type {Record<string, (...args: unknown[]) => unknown>} */
  let calls = {
    start: async (options) => void (calls = callable(await start(options, questions.ask))),
  };

  /** @param {import('./wire.js').Call} call */
  async function answer({ id, name, args }) {
    try {
      port.send({ id, value: await calls[name]?.(...args) });
    } catch (thrown) {
      port.send({ id, problem: problemOf(thrown) });
    }
  }
  port.receive((message) => {
    // A reply waits for nothing: the call that it is for waits for it.
    if ('reply' in message) questions.settle(message);
    else before = before.then(() => answer(message));
  });
}

/** @returns {Record<string, (...args: unknown[]) => unknown>} */
function callable(/** @type {any} */ object) {
  return object;
}

/**
 * @typedef {object} Port
 * @property {(message: import('./wire.js').Outcome | import('./wire.js').Question) => void} send
 * @property {(receiver: (message: import('./wire.js').Call | import('./wire.js').Reply) => void) => void} receive
 */

/** @returns {Promise<Port>} */
async function openPort() {
  if ('DedicatedWorkerGlobalScope' in globalThis) {
    return {
      send: (message) => globalThis.postMessage(message),
      receive: (receiver) => globalThis.addEventListener('message', ({ data }) => receiver(data)),
    };
  }
  const { parentPort } = await import('node:worker_threads');
  return {
    send: (message) => parentPort?.postMessage(message),
    receive: (receiver) => parentPort?.on('message', receiver),
  };
}
