export type Credentials = {
  username: string;
  password: string;
};
/**
 * Who one is at a registry.
 * @typedef {object} Credentials
 * @property {string} username
 * @property {string} password
 */
/** What registries are known to want, and what was got for it. */
export declare class Tokens {
  #private;
  /**
   * @param {Record<string, Credentials>} credentials By host.
   * @param {string[]} trustedRealms Hosts of token services that may have them.
   */
  constructor(credentials: Record<string, Credentials>, trustedRealms: string[]);
  /**
   * @param {import('./place.js').Place} place
   * @param {string[]} actions
   */
  known({ host, path }: import('./place.js').Place, actions: string[]): string | undefined;
  /**
   * Meets the challenge of a 401; nothing where there is no way.
   * @param {string} what
   * @param {import('./place.js').Place} place
   * @param {string[]} actions
   * @param {string} header
   */
  meet(
    what: string,
    place: import('./place.js').Place,
    actions: string[],
    header: string,
  ): Promise<string | undefined>;
}
