export type Exports = import('../../dist/signer/component.js').Root;
export type SignerOptions = {
  registry?: import('../imports/registry/client.js').RegistryOptions;
  /**
   * The log; otherwise there is none.
   */
  rekor?: import('../imports/rekor.js').RekorOptions;
};
/** @typedef {import('../../dist/signer/component.js').Root} Exports */
/**
 * @typedef {object} SignerOptions
 * @property {import('../imports/registry/client.js').RegistryOptions} [registry]
 * @property {import('../imports/rekor.js').RekorOptions} [rekor] The log; otherwise there is none.
 */
/**
 * @param {SignerOptions} options
 * @returns {Promise<Exports>}
 */
export declare function instantiateSigner({ registry, rekor }: SignerOptions): Promise<Exports>;
