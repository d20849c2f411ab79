/**
 * @param {bigint} length
 */
export declare function getRandomBytes(length: bigint): Uint8Array<ArrayBuffer>;
