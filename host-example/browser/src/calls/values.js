// Small conversions between JavaScript's values and the component's.

/**
 * Bytes, or the text that they are in UTF-8.
 * @typedef {Uint8Array | string} Bytes
 */

const encoder = new TextEncoder();

/**
 * @param {Bytes} value
 * @returns {Uint8Array}
 */
export function bytesOf(value) {
  return typeof value === 'string' ? encoder.encode(value) : value;
}

/**
 * @param {Record<string, string>} object
 */
export function pairsOf(object) {
  return Object.entries(object).map(([key, value]) => ({ key, value }));
}

/**
 * @param {{ key: string, value: string }[]} pairs
 * @returns {Record<string, string>}
 */
export function objectOf(pairs) {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
}
