import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { SpillwayError } from '../../../lib/errors';
import { publish } from '../../../lib/supervisor/reports/channels';
import type { WorkerExit } from '../../../lib/supervisor/types';
import { runApart } from '../../support/fixture-pool';
import { reportOf, victim } from './reports-of';

const exit: WorkerExit = { id: 'a', code: 0, signal: null, cause: 'exit', retryHint: 'no' };
const { breach, ...report } = reportOf();
const error = new SpillwayError('ERR_SPILLWAY_STUCK', 'x');

it('each event has its channel, and says whose it is', () => {
  const heard: unknown[] = [];
  const names = ['breach', 'victim', 'relief', 'exit', 'accepting', 'degraded'].map((name) => `spillway:${name}`);
  const hear = (message: unknown, name: string | symbol): void => void heard.push([name, message]);
  for (const name of names) subscribe(name, hear);
  publish('jobs', 'breach', breach);
  publish('jobs', 'victim', victim('a'));
  publish('jobs', 'relief', { ...report, breach });
  publish('jobs', 'exit', exit);
  publish('jobs', 'accepting', false);
  publish('jobs', 'degraded', error);
  for (const name of names) unsubscribe(name, hear);
  publish('jobs', 'accepting', true);
  expect(heard).toEqual([
    ['spillway:breach', { supervisor: 'jobs', breach }],
    ['spillway:victim', { supervisor: 'jobs', victim: victim('a') }],
    ['spillway:relief', { supervisor: 'jobs', report: { ...report, breach } }],
    ['spillway:exit', { supervisor: 'jobs', exit }],
    ['spillway:accepting', { supervisor: 'jobs', accepting: false }],
    ['spillway:degraded', { supervisor: 'jobs', error }],
  ]);
});

it("a subscriber that throws is an 'uncaughtException', after the others were told and the work went on", async () => {
  const printed = await runApart(`
    const { subscribe } = require('diagnostics_channel');
    process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    subscribe('spillway:accepting', () => { throw new Error('of a subscriber'); });
    subscribe('spillway:accepting', ({ accepting }) => console.log('told', accepting));
    lib('supervisor/reports/channels').publish('jobs', 'accepting', true);
    console.log('went on');`);
  expect(printed).toBe('told true\nwent on\nuncaught of a subscriber\n');
});
