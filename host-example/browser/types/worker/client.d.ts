/** A worker that is called. */
export declare class Client {
  #private;
  /**
   * @param {URL} module The worker's.
   * @param {unknown} options What it is started with.
   */
  static start(module: URL, options: unknown): Promise<Client>;
  /**
   * @param {string} name
   * @param {...unknown} args
   * @returns {Promise<any>}
   */
  call(name: string, ...args: unknown[]): Promise<any>;
  /** Ends the worker; its memory, open keys included, is gone. */
  close(): void;
}
