export type Challenge = {
  /**
   * In lower case.
   */
  scheme: string;
  parameters: Record<string, string>;
};
/**
 * @typedef {object} Challenge
 * @property {string} scheme In lower case.
 * @property {Record<string, string>} parameters
 */
/**
 * Bearer before Basic, since its secret is short-lived and narrow.
 * @param {string} header
 * @returns {Challenge | undefined}
 */
export declare function choose(header: string): Challenge | undefined;
/**
 * The scopes to ask for: the registry's own, widened to these actions; or else its repository's.
 * @param {Challenge} challenge
 * @param {string} path
 * @param {string[]} actions
 */
export declare function scopes(
  { parameters }: Challenge,
  path: string,
  actions: string[],
): string[];
