// Where the core modules of a component come from: beside this file, wherever that is.

/**
 * A function that compiles modules of one folder.
 * @param {URL} folder
 */
export function compileFrom(folder) {
  /** @param {string} path */
  return async (path) => {
    const url = new URL(path, folder);
    if (url.protocol === 'file:') {
      const { readFile } = await import('node:fs/promises');
      return WebAssembly.compile(await readFile(url));
    }
    return WebAssembly.compileStreaming(fetch(url));
  };
}
