// Workers of browsers and of Node, in one shape.

/**
 * @typedef {object} Thread
 * @property {(message: import('./wire.js').Call | import('./wire.js').Reply) => void} send
 * @property {() => void} end
 */

/**
 * Starts a module in a worker.
 * @param {URL} module
 * @param {(message: import('./wire.js').Outcome | import('./wire.js').Question) => void} receive
 * @param {(why: string) => void} fail Called when the worker itself does not work.
 * @returns {Promise<Thread>}
 */
export async function spawn(module, receive, fail) {
  if (typeof Worker !== 'undefined') {
    const worker = new Worker(module, { type: 'module' });
    worker.addEventListener('message', ({ data }) => receive(data));
    worker.addEventListener('error', ({ message }) => fail(message || `${module} did not load`));
    return { send: (message) => worker.postMessage(message), end: () => worker.terminate() };
  }
  const { Worker: NodeWorker } = await import('node:worker_threads');
  const worker = new NodeWorker(module);
  worker.on('message', receive);
  worker.on('error', (error) => fail(String(error)));
  return { send: (message) => worker.postMessage(message), end: () => void worker.terminate() };
}
