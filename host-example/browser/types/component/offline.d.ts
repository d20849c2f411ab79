export type Exports = import('../../dist/offline/component.js').Root;
/** @typedef {import('../../dist/offline/component.js').Root} Exports */
/** @returns {Promise<Exports>} */
export declare function instantiateOffline(): Promise<Exports>;
