import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cgroup } from '../../lib/cgroup/cgroup';
import { native } from '../../lib/native';
import { readRecord, writeRecord } from '../../lib/supervisor/containment/leaf-record';
import type { WorkerOptions } from '../../lib/supervisor/worker-options';
import { factsOf } from '../support/containment';
import { useFixtureHierarchy } from '../support/fixture-pool';
import { trials } from '../support/trials';
import { mutated } from './mutated';

const hierarchy = useFixtureHierarchy();

it('whatever stands in the attribute of a leaf, its worker has options that may be given, and a process of the leaf', () => {
  const leaf = new Cgroup(join(hierarchy.base, 'leaf'));
  leaf.create();
  writeFileSync(join(leaf.directory, 'cgroup.procs'), `${process.pid}\n`);
  let text = '';
  jest.spyOn(native(), 'writeAttribute').mockImplementation((_path, _name, value) => void (text = value));
  jest.spyOn(native(), 'readAttribute').mockImplementation(() => text);
  const records = [{ id: 'plain' }, { id: 'full', owner: 'o', retriable: true, kind: 'service' as const, priority: -1.5, attempt: 3, labels: { a: 'b' }, memory: { lowBytes: 1, highBytes: 'max', maxBytes: 'max' } }].map((options) => {
    writeRecord(leaf, factsOf(options), process.pid);
    return text;
  });
  fc.assert(
    fc.property(mutated(records), (changed) => {
      text = changed;
      const { facts, pid } = readRecord(leaf, { id: 'leaf-7', group: 'tenant', oomScoreAdj: 500 });
      expect([pid, facts.group]).toEqual([process.pid, 'tenant']);
      expect(factsOf(facts as WorkerOptions)).toEqual(facts);
    }),
    { numRuns: trials(300, 20_000) },
  );
});
