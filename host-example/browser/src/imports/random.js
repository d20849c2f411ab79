// `wasi:random/random`, from the platform.

/** The most bytes that the platform gives at once. */
const most = 65536;

/**
 * @param {bigint} length
 */
export function getRandomBytes(length) {
  const bytes = new Uint8Array(Number(length));
  for (let start = 0; start < bytes.length; start += most) {
    crypto.getRandomValues(bytes.subarray(start, start + most));
  }
  return bytes;
}
