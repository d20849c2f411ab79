/**
 * Answers calls. The first starts the component; each waits for the one before it, since a component
 * that waits for the outside cannot be entered again.
 * @param {(options: any) => Promise<object>} start Makes the object whose methods are the calls.
 */
export declare function serve(start: (options: any) => Promise<object>): Promise<void>;
export type Port = {
  send: (outcome: import('./wire.js').Outcome) => void;
  receive: (receiver: (call: import('./wire.js').Call) => void) => void;
};
