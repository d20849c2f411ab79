// The worker of `cosignet`.

import { instantiateSigner } from '../component/signer.js';
import { SignerCalls } from './signer-calls.js';
import { serve } from './serve.js';

await serve(async (options, ask) => new SignerCalls(await instantiateSigner(options, ask)));
