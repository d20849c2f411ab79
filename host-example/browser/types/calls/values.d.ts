export type Bytes = Uint8Array | string;
/**
 * @param {Bytes} value
 * @returns {Uint8Array}
 */
export declare function bytesOf(value: Bytes): Uint8Array;
/**
 * @param {Record<string, string>} object
 */
export declare function pairsOf(object: Record<string, string>): {
  key: string;
  value: string;
}[];
/**
 * @param {{ key: string, value: string }[]} pairs
 * @returns {Record<string, string>}
 */
export declare function objectOf(
  pairs: {
    key: string;
    value: string;
  }[],
): Record<string, string>;
