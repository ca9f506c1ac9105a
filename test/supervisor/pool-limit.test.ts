import { findMemoryLimit } from '../../lib/accounting';
import type { LimitScope } from '../../lib/supervisor/containment/types';
import { poolLimit } from '../../lib/supervisor/pool-limit';

const pool = (markBytes: number | undefined) => ({ gauge: { measure: () => (markBytes === undefined ? undefined : { markBytes }) } }) as unknown as LimitScope;
const asked = { name: 'jobs', highBytes: 64, maxBytes: 80 };

it.each([
  ["the mark as it is now, whatever was asked for", asked, pool(48), { bytes: 48, source: 'the mark of the pool jobs' }],
  ['what was asked for where nobody can tell', asked, pool(undefined), { bytes: 64, source: 'the limits of the pool jobs' }],
  ['what was asked for where the mark was lifted', asked, pool(Infinity), { bytes: 64, source: 'the limits of the pool jobs' }],
  ['what was asked for where nothing is watched', { name: 'jobs', highBytes: undefined, maxBytes: 80 }, undefined, { bytes: 80, source: 'the limits of the pool jobs' }],
  ['what there is where nothing was asked for', { name: 'jobs', highBytes: undefined, maxBytes: Infinity }, undefined, findMemoryLimit()],
])('is %s', (_, settings, scope, limit) => {
  expect(poolLimit(settings, scope)).toEqual(limit);
});
