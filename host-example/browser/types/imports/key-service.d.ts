export declare const keyService: {
  publicKey: () => Promise<never>;
  signDigest: () => Promise<never>;
};
