import fc from 'fast-check';
import { componentName, isWithin, parentOf } from '../../lib/accounting/component-name';
import { errorOf } from '../support/error-of';

describe('componentName', () => {
  it.each([
    ['plain', 'cache', 'cache'],
    ['dotted', 'topology.primary.sources.in', 'topology.primary.sources.in'],
    ['other characters become _', 'sources.dsd-in', 'sources.dsd_in'],
    ['each of them', 'a b/c', 'a_b_c'],
    ['_ and case stay', 'Env_Provider.x_', 'Env_Provider.x_'],
    ['empty segments are dropped', '.a..b.', 'a.b'],
    ['segments without a letter or digit too', 'a.--.b', 'a.b'],
    ['letters of any script', 'kunde.Müller.東京', 'kunde.Müller.東京'],
    ['what a terminal obeys becomes _', 'a\u001b[2Jb', 'a__2Jb'],
    ['halves of surrogate pairs too', 'a\ud800b', 'a_b'],
    ['names of JavaScript are names', '__proto__.constructor', '__proto__.constructor'],
  ])('Saluki 30: %s', (_what, given, name) => {
    expect(componentName('', given)).toBe(name);
  });

  it('Saluki 30: is relative to the scope', () => {
    expect(componentName('a.b', 'c.d')).toBe('a.b.c.d');
  });

  it.each(['', '.', '...', '--', '._.', 5, null, undefined, {}])('refuses %p, which names nothing', (given) => {
    expect(errorOf(() => componentName('a', given))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining("'name'") as string });
  });

  it('refuses more than 1024 characters with the names above', () => {
    expect(componentName('a', 'b'.repeat(1022))).toHaveLength(1024);
    expect(errorOf(() => componentName('a', 'b'.repeat(1023)))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
    expect(errorOf(() => componentName('', '.'.repeat(100_000)))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });

  it('of a name of its own making is that name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (one, other) => {
        const name = componentName('', `a${one}.${other}`);
        expect(componentName('', name)).toBe(name);
        expect(name).toMatch(/^[\p{Alphabetic}\p{N}_]+(\.[\p{Alphabetic}\p{N}_]+)*$/u);
      }),
    );
  });
});

describe('isWithin', () => {
  it.each([
    ['env.workload', 'env.workload', true],
    ['env.workload.agent', 'env.workload', true],
    ['env.workload.agent.aggregator', 'env.workload', true],
    ['env.workloads.agent', 'env.workload', false],
    ['env', 'env.workload', false],
    ['workload.agent', 'env.workload', false],
    ['anything', '', true],
    ['', '', true],
    ['', 'a', false],
  ])('Saluki 30: %p in %p: %p', (name, scope, within) => {
    expect(isWithin(name, scope)).toBe(within);
  });
});

it.each([['a.b.c', 'a.b'], ['a', ''], ['', '']])('parentOf %p is %p', (name, parent) => {
  expect(parentOf(name)).toBe(parent);
});
