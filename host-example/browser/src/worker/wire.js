// What page and worker send each other: calls one way and their outcomes the other, and questions of the
// worker with the replies of the page.

import { CosignetError, caseOf, errorOf } from '../errors.js';

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
/** @typedef {{ question: number, name: string, args: unknown[] }} Question */
/** @typedef {{ reply: number, value: unknown } | { reply: number, problem: Problem }} Reply */

/**
 * @param {unknown} thrown
 * @returns {Problem}
 */
export function problemOf(thrown) {
  const { code, message, reason, report } = cosignetErrorOf(thrown);
  return { code, message, reason, report };
}

/** @param {Problem} problem */
export function errorOfProblem({ code, message, ...details }) {
  return new CosignetError(code, message, details);
}

/** @param {unknown} thrown */
function cosignetErrorOf(thrown) {
  if (thrown instanceof CosignetError) return thrown;
  const found = caseOf(thrown);
  if (found) return errorOf(found);
  // What jco says of a value that is not of its type; anything else is a fault of ours or a trap.
  const code = thrown instanceof TypeError ? 'invalid-argument' : 'internal';
  return new CosignetError(code, thrown instanceof Error ? thrown.message : String(thrown));
}
