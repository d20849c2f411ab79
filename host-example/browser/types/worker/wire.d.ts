import { CosignetError } from '../errors.js';
export type Call = {
  id: number;
  name: string;
  args: unknown[];
};
export type Problem = {
  code: string;
  message: string;
  reason: string | undefined;
  report: import('../calls/report.js').Report | undefined;
};
export type Outcome =
  | {
      id: number;
      value: unknown;
    }
  | {
      id: number;
      problem: Problem;
    };
/**
 * @typedef {object} Call
 * @property {number} id
 * @property {string} name
 * @property {unknown[]} args
 */
/**
 * @typedef {{ code: string, message: string, reason: string | undefined,
 *   report: import('../calls/report.js').Report | undefined }} Problem
 */
/** @typedef {{ id: number, value: unknown } | { id: number, problem: Problem }} Outcome */
/**
 * @param {unknown} thrown
 * @returns {Problem}
 */
export declare function problemOf(thrown: unknown): Problem;
/** @param {Problem} problem */
export declare function errorOfProblem({ code, message, ...details }: Problem): CosignetError;
