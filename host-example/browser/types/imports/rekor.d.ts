export type RekorOptions = {
  /**
   * `http[s]://HOST[:PORT][/PATH]`
   */
  url: string;
};
/**
 * @typedef {object} RekorOptions
 * @property {string} url `http[s]://HOST[:PORT][/PATH]`
 */
/** The functions of `transparency-log`, one request each. */
export declare class RekorClient {
  #private;
  /** @param {RekorOptions | undefined} options */
  constructor(options: RekorOptions | undefined);
  /** @param {import('../../dist/signer/interfaces/cosignet-signing-transparency-log.js').Submission} submission */
  submit({
    api,
    entry,
    maxSize,
  }: import('../../dist/signer/interfaces/cosignet-signing-transparency-log.js').Submission): Promise<
    | {
        tag: 'already-logged';
        val: string;
      }
    | {
        tag: 'logged';
        val: Uint8Array<ArrayBufferLike>;
      }
  >;
  /** @param {{ uuid: string, maxSize: bigint }} request */
  fetchEntry({
    uuid,
    maxSize,
  }: {
    uuid: string;
    maxSize: bigint;
  }): Promise<Uint8Array<ArrayBufferLike>>;
  /** @param {{ query: Uint8Array, maxSize: bigint }} request */
  searchEntries({
    query,
    maxSize,
  }: {
    query: Uint8Array;
    maxSize: bigint;
  }): Promise<Uint8Array<ArrayBufferLike>>;
  /** @param {{ path: string, maxSize: bigint }} request */
  fetchTile({
    path,
    maxSize,
  }: {
    path: string;
    maxSize: bigint;
  }): Promise<Uint8Array<ArrayBufferLike>>;
}
