export type RegistryOptions = {
  /**
   * By host, with its port.
   */
  credentials?: Record<string, import('./tokens.js').Credentials>;
  /**
   * Hosts that are spoken to without TLS; this machine is in any case.
   */
  plainHttp?: string[];
  /**
   * Token services on other hosts that may have the credentials.
   */
  trustedRealms?: string[];
};
export type Place = import('./place.js').Place;
export type Answer = import('../exchange.js').Answer;
/** The functions of `registry` and `registry-push`, one request each. */
export declare class RegistryClient {
  #private;
  /** @param {RegistryOptions} options */
  constructor({ credentials, plainHttp, trustedRealms }: RegistryOptions);
  /** @param {{ repository: string, tag: string }} request */
  resolve({ repository, tag }: { repository: string; tag: string }): Promise<{
    mediaType: string;
    digest: string;
    size: bigint;
  }>;
  /** @param {{ repository: string, reference: string, maxSize: bigint, afterMs: number }} request */
  fetchManifest({
    repository,
    reference,
    maxSize,
    afterMs,
  }: {
    repository: string;
    reference: string;
    maxSize: bigint;
    afterMs: number;
  }): Promise<{
    mediaType: string;
    content: Uint8Array<ArrayBufferLike>;
  }>;
  /** @param {{ repository: string, digest: string, maxSize: bigint }} request */
  fetchBlob({
    repository,
    digest,
    maxSize,
  }: {
    repository: string;
    digest: string;
    maxSize: bigint;
  }): Promise<Uint8Array<ArrayBufferLike>>;
  /** @param {{ repository: string, digest: string, maxSize: bigint }} request */
  listReferrers({
    repository,
    digest,
    maxSize,
  }: {
    repository: string;
    digest: string;
    maxSize: bigint;
  }): Promise<
    {
      mediaType: string;
      content: Uint8Array<ArrayBufferLike>;
    }[]
  >;
  /** @param {{ repository: string, digest: string, content: Uint8Array }} blob */
  pushBlob({
    repository,
    digest,
    content,
  }: {
    repository: string;
    digest: string;
    content: Uint8Array;
  }): Promise<void>;
  /** @param {{ repository: string, reference: string, mediaType: string, content: Uint8Array }} manifest */
  pushManifest({
    repository,
    reference,
    mediaType,
    content,
  }: {
    repository: string;
    reference: string;
    mediaType: string;
    content: Uint8Array;
  }): Promise<void>;
  /** @param {{ repository: string, digest: string }} manifest */
  deleteManifest({ repository, digest }: { repository: string; digest: string }): Promise<void>;
}
