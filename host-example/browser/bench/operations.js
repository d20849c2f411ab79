// What is measured, in Node and in a page alike: a function that needs nothing from around it, so that it
// can be sent to a page.

/**
 * Seconds, medians, through the worker as every caller has them.
 * @param {{ module: string, keyFile: string, password: string, payload: string, signature: string,
 *   publicKey: string, reference: string, bundle: string, bundleKey: string, content: string }} options
 */
export async function measure(options) {
  const { start } = await import(options.module);
  const password = () => new TextEncoder().encode(options.password);
  const rules = { keys: [options.publicKey] };
  const signatures = [{ payload: options.payload, signature: options.signature }];

  const cosignet = await start();
  const open = async () => (await cosignet.openKey(options.keyFile, password())).close();
  const first = await time(open);
  const again = await median(15, open);
  const key = await cosignet.openKey(options.keyFile, password());
  const sign = () => cosignet.signPayload(key, options.payload);
  const verify = () => cosignet.verifyDetached(rules, options.reference, signatures);
  const bundled = [{ signature: options.bundle }];
  const content = new TextEncoder().encode(options.content);
  const bundle = () => cosignet.verifyBlob({ keys: [options.bundleKey] }, content, bundled);
  for (const warm of [sign, verify, bundle]) await median(200, warm);
  const result = {
    first,
    again,
    sign: await median(500, sign),
    verify: await median(500, verify),
    bundle: await median(500, bundle),
  };
  cosignet.close();
  return result;

  /** @param {() => Promise<unknown>} work */
  async function time(work) {
    const begin = performance.now();
    await work();
    return (performance.now() - begin) / 1000;
  }

  /**
   * @param {number} count
   * @param {() => Promise<unknown>} work
   */
  async function median(count, work) {
    const times = [];
    for (let run = 0; run < count; run++) times.push(await time(work));
    times.sort((a, b) => a - b);
    return times[Math.floor(count / 2)] ?? NaN;
  }
}
