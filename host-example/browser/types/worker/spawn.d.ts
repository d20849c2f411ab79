export type Thread = {
  send: (call: import('./wire.js').Call) => void;
  end: () => void;
};
/**
 * @typedef {object} Thread
 * @property {(call: import('./wire.js').Call) => void} send
 * @property {() => void} end
 */
/**
 * Starts a module in a worker.
 * @param {URL} module
 * @param {(outcome: import('./wire.js').Outcome) => void} receive
 * @param {(why: string) => void} fail Called when the worker itself does not work.
 * @returns {Promise<Thread>}
 */
export declare function spawn(
  module: URL,
  receive: (outcome: import('./wire.js').Outcome) => void,
  fail: (why: string) => void,
): Promise<Thread>;
