// The worker's side: one component, one call at a time.

import { problemOf } from './wire.js';

/**
 * Answers calls. The first starts the component; each waits for the one before it, since a component
 * that waits for the outside cannot be entered again.
 * @param {(options: any) => Promise<object>} start Makes the object whose methods are the calls.
 */
export async function serve(start) {
  const port = await openPort();
  /** @type {Promise<unknown>} */
  let before = Promise.resolve();
  /** @type {Record<string, (...args: unknown[]) => unknown>} */
  let calls = { start: async (options) => void (calls = callable(await start(options))) };

  /** @param {import('./wire.js').Call} call */
  async function answer({ id, name, args }) {
    try {
      port.send({ id, value: await calls[name]?.(...args) });
    } catch (thrown) {
      port.send({ id, problem: problemOf(thrown) });
    }
  }
  port.receive((call) => {
    before = before.then(() => answer(call));
  });
}

/** @returns {Record<string, (...args: unknown[]) => unknown>} */
function callable(/** @type {any} */ object) {
  return object;
}

/**
 * @typedef {object} Port
 * @property {(outcome: import('./wire.js').Outcome) => void} send
 * @property {(receiver: (call: import('./wire.js').Call) => void) => void} receive
 */

/** @returns {Promise<Port>} */
async function openPort() {
  if ('DedicatedWorkerGlobalScope' in globalThis) {
    return {
      send: (outcome) => globalThis.postMessage(outcome),
      receive: (receiver) => globalThis.addEventListener('message', ({ data }) => receiver(data)),
    };
  }
  const { parentPort } = await import('node:worker_threads');
  return {
    send: (outcome) => parentPort?.postMessage(outcome),
    receive: (receiver) => parentPort?.on('message', receiver),
  };
}
