import { verified } from '../calls/report.js';
export type Judged = Parameters<typeof verified>[0];
export type Exports = import('../component/offline.js').Exports;
export type Rules = import('../calls/policy.js').Rules;
export type Bytes = import('../calls/values.js').Bytes;
export type PrivateKey =
  import('../../dist/offline/interfaces/cosignet-signing-keys.js').PrivateKey;
export type Policy = import('../../dist/offline/interfaces/cosignet-signing-policy.js').Policy;
export type WitBlob = import('../../dist/offline/interfaces/cosignet-signing-blobs.js').Blob;
/** @typedef {import('../component/offline.js').Exports} Exports */
/** @typedef {import('../calls/policy.js').Rules} Rules */
/** @typedef {import('../calls/values.js').Bytes} Bytes */
/** @typedef {import('../../dist/offline/interfaces/cosignet-signing-keys.js').PrivateKey} PrivateKey */
/** @typedef {import('../../dist/offline/interfaces/cosignet-signing-policy.js').Policy} Policy */
/** @typedef {import('../../dist/offline/interfaces/cosignet-signing-blobs.js').Blob} WitBlob */
/** The calls, by name. What comes in and goes out can be cloned. */
export declare class OfflineCalls {
  #private;
  component: import('../../dist/offline/component.js').Root;
  /** @param {Exports} component */
  constructor(component: Exports);
  /** @param {Uint8Array} password Wiped. */
  generateKeyPair(
    password: Uint8Array,
  ): import('../../dist/offline/interfaces/cosignet-signing-keys.js').KeyPair;
  /**
   * @param {Uint8Array} pem Wiped.
   * @param {Uint8Array} password Wiped.
   */
  importKeyPair(
    pem: Uint8Array,
    password: Uint8Array,
  ): import('../../dist/offline/interfaces/cosignet-signing-keys.js').KeyPair;
  /** @param {Bytes} pem */
  readPublicKey(
    pem: Bytes,
  ): import('../../dist/offline/interfaces/cosignet-signing-keys.js').PublicKeyInfo;
  /**
   * @param {Bytes} file
   * @param {Uint8Array} password Wiped.
   */
  openKey(
    file: Bytes,
    password: Uint8Array,
  ): {
    algorithm: import('../../dist/offline/interfaces/cosignet-signing-keys.js').KeyAlgorithm;
    pem: string;
    fingerprint: string;
    id: number;
  };
  /** @param {number} id */
  closeKey(id: number): void;
  /** @param {number} id */
  key(id: number): import('../../dist/offline/interfaces/cosignet-signing-keys.js').PrivateKey;
  /** @param {import('../offline.js').Payload} content */
  createPayload({
    dockerReference,
    digest,
    annotations,
  }: import('../offline.js').Payload): Uint8Array<ArrayBufferLike>;
  /** @param {Bytes} bytes */
  parsePayload(bytes: Bytes): {
    dockerReference: string;
    digest: string;
    annotations: Record<string, string>;
  };
  /**
   * @param {number} key
   * @param {Bytes} payload
   */
  signPayload(key: number, payload: Bytes): Uint8Array<ArrayBufferLike>;
  /**
   * @param {string} digest
   * @param {import('../offline.js').PayloadSignature[]} signatures
   */
  buildSignatureImage(
    digest: string,
    signatures: import('../offline.js').PayloadSignature[],
  ): {
    tag: string;
    manifest: Uint8Array;
    config: Uint8Array;
    manifestDescriptor: {
      mediaType: string;
      digest: string;
      size: number;
    };
    configDescriptor: {
      mediaType: string;
      digest: string;
      size: number;
    };
  };
  /**
   * @param {Rules} rules
   * @param {string} reference
   * @param {import('../offline.js').DetachedSignature[]} signatures
   */
  verifyDetached(
    rules: Rules,
    reference: string,
    signatures: import('../offline.js').DetachedSignature[],
  ): Promise<import('../calls/report.js').Report>;
  /**
   * @param {number} key
   * @param {import('./blob.js').Content} content
   */
  signBlob(
    key: number,
    content: import('./blob.js').Content,
  ): Promise<{
    signature: Uint8Array<ArrayBufferLike>;
    bundle: string;
    oldBundle?: string;
    log?: import('../calls/report.js').LoggedEntry;
  }>;
  /**
   * @param {number} key
   * @param {import('./blob.js').Content} content
   * @param {import('../offline.js').Statement} statement
   */
  attestBlob(
    key: number,
    content: import('./blob.js').Content,
    { name, predicateType, predicate }: import('../offline.js').Statement,
  ): Promise<{
    statement: Uint8Array;
    envelope: string;
    bundle: string;
    oldBundle?: string;
    log?: import('../calls/report.js').LoggedEntry;
  }>;
  /**
   * @param {Rules} rules
   * @param {import('./blob.js').Content} content
   * @param {import('../offline.js').StoredSignature[]} signatures
   */
  verifyBlob(
    rules: Rules,
    content: import('./blob.js').Content,
    signatures: import('../offline.js').StoredSignature[],
  ): Promise<import('../calls/report.js').Report>;
  /**
   * @param {Rules} rules
   * @param {import('./blob.js').Content} content
   * @param {string} predicateType
   * @param {import('../offline.js').StoredSignature[]} attestations
   */
  verifyBlobAttestation(
    rules: Rules,
    content: import('./blob.js').Content,
    predicateType: string,
    attestations: import('../offline.js').StoredSignature[],
  ): Promise<import('../calls/report.js').Report>;
  /**
   * Runs one verification under a policy. What is not verified is an error with the report.
   * @param {import('../calls/report.js').Kind} kind
   * @param {Rules} rules
   * @param {(policy: Policy) => Judged | Promise<Judged>} verify
   * @typedef {Parameters<typeof verified>[0]} Judged
   */
  judging(
    kind: import('../calls/report.js').Kind,
    rules: Rules,
    verify: (policy: Policy) => Judged | Promise<Judged>,
  ): Promise<import('../calls/report.js').Report>;
  /**
   * Fills a blob with content, and uses it.
   * @template T
   * @param {WitBlob} blob
   * @param {import('./blob.js').Content} content
   * @param {(blob: WitBlob) => T | Promise<T>} use
   */
  withBlob<T>(
    blob: WitBlob,
    content: import('./blob.js').Content,
    use: (blob: WitBlob) => T | Promise<T>,
  ): Promise<T>;
}
/** @param {import('../../dist/offline/interfaces/cosignet-signing-blobs.js').BlobFiles} files */
export declare function blobFiles({
  bundle,
  oldBundle,
  log,
}: import('../../dist/offline/interfaces/cosignet-signing-blobs.js').BlobFiles): {
  bundle: string;
  oldBundle?: string;
  log?: import('../calls/report.js').LoggedEntry;
};
