// The worker of `cosignet/offline`.

import { instantiateOffline } from '../component/offline.js';
import { OfflineCalls } from './offline-calls.js';
import { serve } from './serve.js';

await serve(async () => new OfflineCalls(await instantiateOffline()));
