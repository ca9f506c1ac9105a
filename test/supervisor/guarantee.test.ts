import type { Finding } from '../../lib/cgroup/preflight/types';
import { SpillwayError, type ErrorCode } from '../../lib/errors';
import { KernelContainment } from '../../lib/supervisor/containment/kernel-containment';
import { PlainContainment } from '../../lib/supervisor/containment/plain-containment';
import { PollingContainment } from '../../lib/supervisor/containment/polling-containment';
import { chooseContainment, warnIfLowered, type GuaranteeLevel } from '../../lib/supervisor/guarantee';
import { settingsOf } from '../support/containment';

/** Stand for what the host gives. */
const kernel = Object.create(KernelContainment.prototype) as KernelContainment;
const polling = Object.create(PollingContainment.prototype) as PollingContainment;
const lacks = (code: ErrorCode): SpillwayError => new SpillwayError(code, `${code} of this host`);

function host({ kernelError, pollingError }: { kernelError?: Error; pollingError?: Error }): { asked: string[] } {
  const asked: string[] = [];
  jest.spyOn(KernelContainment, 'create').mockImplementation(() => (asked.push('kernel'), kernelError === undefined ? Promise.resolve(kernel) : Promise.reject(kernelError)));
  jest.spyOn(PollingContainment, 'create').mockImplementation(() => (asked.push('polling'), pollingError === undefined ? Promise.resolve(polling) : Promise.reject(pollingError)));
  return { asked };
}
afterEach(() => {
  jest.restoreAllMocks();
});
const choose = (require: GuaranteeLevel = 'none') => chooseContainment(settingsOf({ require }), () => undefined);

it('takes the best without a finding', async () => {
  const { asked } = host({});
  expect(await choose()).toEqual({ containment: kernel, guarantee: { level: 'kernel' } });
  expect(asked).toEqual(['kernel']);
});

it.each<[ErrorCode, Finding['check']]>([
  ['ERR_SPILLWAY_KERNEL_TOO_OLD', 'kernel-version'],
  ['ERR_SPILLWAY_NOT_CGROUP2', 'cgroup-mount'],
  ['ERR_SPILLWAY_NOT_DELEGATED', 'delegation'],
  ['ERR_SPILLWAY_PERMISSION', 'permission'],
  ['ERR_SPILLWAY_CONTROLLER_DISABLED', 'memory-controller'],
  ['ERR_SPILLWAY_CGROUP_BUSY', 'processes-in-base'],
])('%s lowers to polling, unless the kernel is required', async (code, check) => {
  const kernelError = lacks(code);
  host({ kernelError });
  const lowered = { containment: polling, guarantee: { level: 'polling', finding: { check, severity: 'error', message: kernelError.message, lowersTo: 'polling' } } };
  expect(await choose()).toEqual(lowered);
  expect(await choose('polling')).toEqual(lowered);
  await expect(choose('kernel')).rejects.toBe(kernelError);
});

it.each<[Error]>([
  [lacks('ERR_SPILLWAY_INVALID_OPTION')],
  [lacks('ERR_SPILLWAY_NAME_IN_USE')],
  [lacks('ERR_SPILLWAY_INSIDE_POOL')],
  [lacks('ERR_SPILLWAY_CGROUP_NOT_FOUND')],
  [lacks('ERR_SPILLWAY_SYSTEM_LIMIT')],
  [lacks('ERR_SPILLWAY_LIMIT_NOT_SET')],
  [new Error('unforeseen')],
])('%s is a mistake or passes, and lowers nothing', async (kernelError) => {
  const { asked } = host({ kernelError });
  await expect(choose()).rejects.toBe(kernelError);
  expect(asked).toEqual(['kernel']);
});

it('without a binary: none, or the error of what is required', async () => {
  const missing = lacks('ERR_SPILLWAY_UNSUPPORTED');
  host({ kernelError: missing, pollingError: missing });
  const { containment, guarantee } = await choose();
  expect(containment).toBeInstanceOf(PlainContainment);
  expect(guarantee).toEqual({ level: 'none', finding: { check: 'platform', severity: 'error', message: missing.message, lowersTo: 'none' } });
  await expect(choose('polling')).rejects.toBe(missing);
  await expect(choose('kernel')).rejects.toBe(missing);
});

it.each<ErrorCode>(['ERR_SPILLWAY_NAME_IN_USE', 'ERR_SPILLWAY_PERMISSION', 'ERR_SPILLWAY_STUCK'])('%s of polling lowers nothing further', async (code) => {
  const pollingError = lacks(code);
  host({ kernelError: lacks('ERR_SPILLWAY_NOT_CGROUP2'), pollingError });
  await expect(choose()).rejects.toBe(pollingError);
});

describe('the warning', () => {
  const finding = (message: string): Finding => ({ check: 'permission', severity: 'error', message, lowersTo: 'polling' });

  it('comes once per cause, whichever supervisor asks', () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    warnIfLowered({ level: 'polling', finding: finding('no permission') });
    warnIfLowered({ level: 'polling', finding: finding('no permission') });
    warnIfLowered({ level: 'none', finding: finding('no binary') });
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/level 'polling' here: .* no permission$/), expect.objectContaining({ type: 'SpillwayWarning', code: 'SPILLWAY_GUARANTEE_LOWERED' })],
      [expect.stringMatching(/level 'none' here: .* no binary$/), expect.objectContaining({ code: 'SPILLWAY_GUARANTEE_LOWERED' })],
    ]);
  });

  it.each<[GuaranteeLevel, Finding | undefined]>([['kernel', undefined], ['kernel', finding('k')], ['polling', undefined]])('does not come at level %s with finding %j', (level, given) => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    warnIfLowered({ level, ...(given && { finding: given }) });
    expect(warn).not.toHaveBeenCalled();
  });
});
