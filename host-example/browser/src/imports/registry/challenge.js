// What a registry asks for when it answers 401: `WWW-Authenticate`, RFC 9110 section 11.6.1.

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
export function choose(header) {
  const all = parse(header);
  return (
    all.find(({ scheme }) => scheme === 'bearer') ?? all.find(({ scheme }) => scheme === 'basic')
  );
}

/**
 * The scopes to ask for: the registry's own, widened to these actions; or else its repository's.
 * @param {Challenge} challenge
 * @param {string} path
 * @param {string[]} actions
 */
export function scopes({ parameters }, path, actions) {
  const asked = (parameters['scope'] ?? '').split(' ').filter(Boolean).slice(0, mostScopes);
  if (asked.length === 0) return [`repository:${path}:${actions.join(',')}`];
  return asked.map((scope) => {
    const [resource, granted] = [scope.replace(/:[^:]*$/, ''), scope.replace(/^.*:/, '')];
    if (!resource.startsWith('repository') || granted === '*') return scope;
    return `${resource}:${[...new Set([...granted.split(',').filter(Boolean), ...actions])].join(',')}`;
  });
}

/**
 * @param {string} header
 * @returns {Challenge[]}
 */
function parse(header) {
  /** @type {Challenge[]} */
  const challenges = [];
  for (const [, name = '', quoted, plain] of header.matchAll(part)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: {} });
    else Object.assign(challenges.at(-1)?.parameters ?? {}, { [name.toLowerCase()]: value });
  }
  return challenges;
}

/** A scheme, or a parameter with its value: quoted or a token. */
const part = /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([\w!#$%&'*+.^`|~/:-]+)))?/g;
const mostScopes = 8;
