export type Content = Uint8Array | globalThis.Blob;
/**
 * Bytes, or a `Blob` or `File`, which is read in pieces.
 * @typedef {Uint8Array | globalThis.Blob} Content
 */
/**
 * @param {{ append(bytes: Uint8Array): void }} blob
 * @param {Content} content
 */
export declare function fill(
  blob: {
    append(bytes: Uint8Array): void;
  },
  content: Content,
): Promise<void>;
