// The content of blobs, a mebibyte at a time: memory does not grow with a file.

const piece = 1 << 20;

/**
 * Bytes, or a `Blob` or `File`, which is read in pieces.
 * @typedef {Uint8Array | globalThis.Blob} Content
 */

/**
 * @param {{ append(bytes: Uint8Array): void }} blob
 * @param {Content} content
 */
export async function fill(blob, content) {
  if (content instanceof Uint8Array) {
    for (let start = 0; start < content.length; start += piece) {
      blob.append(content.subarray(start, start + piece));
    }
    return;
  }
  for (let start = 0; start < content.size; start += piece) {
    blob.append(new Uint8Array(await content.slice(start, start + piece).arrayBuffer()));
  }
}
