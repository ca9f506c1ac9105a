import fc from 'fast-check';
import { preflightOf } from '../../lib/cgroup/preflight/preflight';
import { findingNames } from '../../lib/cgroup/preflight/types';
import { dockerPrivate, hybridHost, systemService, userScope, type FixtureHost } from '../cgroup/preflight/fixture-host';
import { trials } from '../support/trials';
import { mutated } from './mutated';

const swaps = { '/proc/swaps': 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/vdb                                partition\t1048572\t\t0\t\t-2\n' };
const hosts: Record<string, () => FixtureHost> = {
  'a system service': () => systemService({ subgroup: 'main' }).put(swaps),
  "a user's scope": () => userScope(true),
  'a container': () => dockerPrivate({ readOnly: false }).put(swaps),
  'a hybrid host': () => hybridHost().in('/'),
};

it.each(Object.keys(hosts))('%s of which any files hold anything has all its findings, in words and figures', (name) => {
  const make = hosts[name] ?? (() => systemService());
  const files = [...make().files];
  const change = fc.constantFrom(...files).chain(([path, text]) => mutated([text]).map((changed): [string, string] => [path, changed]));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const findings = preflightOf(make().put(Object.fromEntries(changes)), { name: 'jobs' });
      expect(findings.map(({ check }) => check)).toEqual(findingNames);
      for (const { message, fix = 'x' } of findings) {
        expect(message).toMatch(/^[A-Z/a-z\d].*\.$/s);
        expect(message).not.toMatch(/\bNaN\b|\bundefined\b|-Infinity/);
        expect(fix).not.toBe('');
      }
    }),
    { numRuns: trials(300, 10_000) },
  );
});
