import { Client } from './worker/client.js';
export { CosignetError } from './errors.js';
export type Rules = import('./calls/policy.js').Rules;
export type TrustedKey = import('./calls/policy.js').TrustedKey;
export type LogTrust = import('./calls/policy.js').LogTrust;
export type Report = import('./calls/report.js').Report;
export type SignatureReport = import('./calls/report.js').SignatureReport;
export type LoggedEntry = import('./calls/report.js').LoggedEntry;
export type Bytes = import('./calls/values.js').Bytes;
export type Content = import('./worker/blob.js').Content;
export type KeyPair = {
  /**
   * Encrypted, PEM: cosign's `cosign.key`.
   */
  privateKey: string;
  /**
   * PEM: cosign's `cosign.pub`.
   */
  publicKey: string;
};
export type PublicKeyInfo = {
  algorithm:
    'ecdsa-p256' | 'ecdsa-p384' | 'ecdsa-p521' | 'rsa2048' | 'rsa3072' | 'rsa4096' | 'ed25519';
  pem: string;
  /**
   * SHA-256 of the SubjectPublicKeyInfo, hexadecimal.
   */
  fingerprint: string;
};
export type Payload = {
  /**
   * Registry and repository, without tag or digest.
   */
  dockerReference: string;
  digest: string;
  annotations?: Record<string, string>;
};
export type PayloadSignature = {
  payload: Bytes;
  signature: Uint8Array;
};
export type StoredSignature = {
  signature: Bytes;
  /**
   * cosign's annotation `dev.sigstore.cosign/bundle`.
   */
  logEntry?: Bytes;
};
export type DetachedSignature = StoredSignature & {
  payload: Bytes;
};
export type Descriptor = {
  mediaType: string;
  digest: string;
  size: number;
};
export type SignatureImage = {
  tag: string;
  manifest: Uint8Array;
  manifestDescriptor: Descriptor;
  config: Uint8Array;
  configDescriptor: Descriptor;
};
export type BlobFiles = {
  /**
   * A sigstore bundle v0.3, JSON.
   */
  bundle: string;
  /**
   * cosign 2's `--bundle`, JSON.
   */
  oldBundle?: string;
  log?: LoggedEntry;
};
export type SignedBlob = BlobFiles & {
  signature: Uint8Array;
};
export type AttestedBlob = BlobFiles & {
  statement: Uint8Array;
  envelope: string;
};
export type Statement = {
  /**
   * A URI.
   */
  predicateType: string;
  /**
   * JSON.
   */
  predicate: Bytes;
  /**
   * What the statement calls the file.
   */
  name?: string;
};
/** @typedef {import('./calls/policy.js').Rules} Rules */
/** @typedef {import('./calls/policy.js').TrustedKey} TrustedKey */
/** @typedef {import('./calls/policy.js').LogTrust} LogTrust */
/** @typedef {import('./calls/report.js').Report} Report */
/** @typedef {import('./calls/report.js').SignatureReport} SignatureReport */
/** @typedef {import('./calls/report.js').LoggedEntry} LoggedEntry */
/** @typedef {import('./calls/values.js').Bytes} Bytes */
/** @typedef {import('./worker/blob.js').Content} Content */
/**
 * @typedef {object} KeyPair
 * @property {string} privateKey Encrypted, PEM: cosign's `cosign.key`.
 * @property {string} publicKey PEM: cosign's `cosign.pub`.
 */
/**
 * @typedef {object} PublicKeyInfo
 * @property {'ecdsa-p256' | 'ecdsa-p384' | 'ecdsa-p521' | 'rsa2048' | 'rsa3072' | 'rsa4096' | 'ed25519'} algorithm
 * @property {string} pem
 * @property {string} fingerprint SHA-256 of the SubjectPublicKeyInfo, hexadecimal.
 */
/**
 * What a signature of an image says.
 * @typedef {object} Payload
 * @property {string} dockerReference Registry and repository, without tag or digest.
 * @property {string} digest
 * @property {Record<string, string>} [annotations]
 */
/**
 * @typedef {object} PayloadSignature
 * @property {Bytes} payload
 * @property {Uint8Array} signature
 */
/**
 * A signature as it was kept: base64, bytes, or a bundle.
 * @typedef {object} StoredSignature
 * @property {Bytes} signature
 * @property {Bytes} [logEntry] cosign's annotation `dev.sigstore.cosign/bundle`.
 */
/** @typedef {StoredSignature & { payload: Bytes }} DetachedSignature */
/**
 * @typedef {object} Descriptor
 * @property {string} mediaType
 * @property {string} digest
 * @property {number} size
 */
/**
 * An image that holds signatures, as cosign stores it: ready to be pushed.
 * @typedef {object} SignatureImage
 * @property {string} tag
 * @property {Uint8Array} manifest
 * @property {Descriptor} manifestDescriptor
 * @property {Uint8Array} config
 * @property {Descriptor} configDescriptor
 */
/**
 * @typedef {object} BlobFiles
 * @property {string} bundle A sigstore bundle v0.3, JSON.
 * @property {string} [oldBundle] cosign 2's `--bundle`, JSON.
 * @property {LoggedEntry} [log]
 */
/** @typedef {BlobFiles & { signature: Uint8Array }} SignedBlob */
/** @typedef {BlobFiles & { statement: Uint8Array, envelope: string }} AttestedBlob */
/**
 * @typedef {object} Statement
 * @property {string} predicateType A URI.
 * @property {Bytes} predicate JSON.
 * @property {string} [name] What the statement calls the file.
 */
/** An open private key. It is in the component, in the worker, and never leaves it. */
export declare class Key {
  #private;
  id: number;
  algorithm:
    'ecdsa-p256' | 'ecdsa-p384' | 'ecdsa-p521' | 'ed25519' | 'rsa2048' | 'rsa3072' | 'rsa4096';
  /** The public key. */
  pem: string;
  fingerprint: string;
  /**
   * @param {Client} client
   * @param {PublicKeyInfo & { id: number }} opened
   */
  constructor(
    client: Client,
    {
      id,
      algorithm,
      pem,
      fingerprint,
    }: PublicKeyInfo & {
      id: number;
    },
  );
  /**
   * Wipes it.
   * @returns {Promise<void>}
   */
  close(): Promise<void>;
}
/** The `offline` world of the component, in a worker. */
export declare class Offline {
  /** @protected */
  client: Client;
  /** @param {Client} client */
  constructor(client: Client);
  /**
   * All that the component can do to the outside.
   * @type {string[]}
   */
  get imports(): string[];
  /**
   * Makes a P-256 key pair, in cosign's files. The worker's copy of the password is wiped.
   * @param {Uint8Array} password
   * @returns {Promise<KeyPair>}
   */
  generateKeyPair(password: Uint8Array): Promise<KeyPair>;
  /**
   * Makes a key pair of a plain private key: PKCS#8, PKCS#1 or SEC 1 in PEM.
   * @param {Uint8Array} pem
   * @param {Uint8Array} password
   * @returns {Promise<KeyPair>}
   */
  importKeyPair(pem: Uint8Array, password: Uint8Array): Promise<KeyPair>;
  /**
   * @param {Bytes} pem
   * @returns {Promise<PublicKeyInfo>}
   */
  readPublicKey(pem: Bytes): Promise<PublicKeyInfo>;
  /**
   * Opens an encrypted private key; the slow step, a fraction of a second by design. An open key signs
   * any number of times.
   * @param {Bytes} file
   * @param {Uint8Array} password
   */
  openKey(file: Bytes, password: Uint8Array): Promise<Key>;
  /**
   * The bytes to be signed for an image: cosign's, for the same input.
   * @param {Payload} content
   * @returns {Promise<Uint8Array>}
   */
  createPayload(content: Payload): Promise<Uint8Array>;
  /**
   * Reads a payload. It proves nothing: verify its signature first.
   * @param {Bytes} bytes
   * @returns {Promise<Required<Payload>>}
   */
  parsePayload(bytes: Bytes): Promise<Required<Payload>>;
  /**
   * Signs a payload's bytes as they are.
   * @param {Key} key
   * @param {Bytes} payload
   * @returns {Promise<Uint8Array>}
   */
  signPayload(key: Key, payload: Bytes): Promise<Uint8Array>;
  /**
   * The image of these signatures, for the signed image with this digest.
   * @param {string} digest
   * @param {PayloadSignature[]} signatures
   * @returns {Promise<SignatureImage>}
   */
  buildSignatureImage(digest: string, signatures: PayloadSignature[]): Promise<SignatureImage>;
  /**
   * Verifies signatures of the image that the reference names by digest. What is not verified is an
   * error, with the report in it.
   * @param {Rules} rules
   * @param {string} reference
   * @param {DetachedSignature[]} signatures
   * @returns {Promise<Report>}
   */
  verifyDetached(rules: Rules, reference: string, signatures: DetachedSignature[]): Promise<Report>;
  /**
   * Signs a file.
   * @param {Key} key
   * @param {Content} content
   * @returns {Promise<SignedBlob>}
   */
  signBlob(key: Key, content: Content): Promise<SignedBlob>;
  /**
   * Signs a statement about a file.
   * @param {Key} key
   * @param {Content} content
   * @param {Statement} statement
   * @returns {Promise<AttestedBlob>}
   */
  attestBlob(key: Key, content: Content, statement: Statement): Promise<AttestedBlob>;
  /**
   * Verifies signatures of a file: base64, bytes, and both forms of bundles.
   * @param {Rules} rules
   * @param {Content} content
   * @param {StoredSignature[]} signatures
   * @returns {Promise<Report>}
   */
  verifyBlob(rules: Rules, content: Content, signatures: StoredSignature[]): Promise<Report>;
  /**
   * Verifies attestations of a file, with a predicate of this type.
   * @param {Rules} rules
   * @param {Content} content
   * @param {string} predicateType
   * @param {StoredSignature[]} attestations
   * @returns {Promise<Report>}
   */
  verifyBlobAttestation(
    rules: Rules,
    content: Content,
    predicateType: string,
    attestations: StoredSignature[],
  ): Promise<Report>;
  /** Ends the worker, and wipes all that is in it by giving its memory back. */
  close(): void;
}
/** Starts the component in a worker. */
export declare function start(): Promise<Offline>;
