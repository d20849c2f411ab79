/**
 * A function that compiles modules of one folder.
 * @param {URL} folder
 */
export declare function compileFrom(folder: URL): (path: string) => Promise<WebAssembly.Module>;
