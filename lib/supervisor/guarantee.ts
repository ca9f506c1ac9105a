import type { Finding, FindingName, GuaranteeLevel } from '../cgroup/preflight/types';
import { SpillwayError, type ErrorCode } from '../errors';
import { KernelContainment } from './containment/kernel-containment';
import { PlainContainment } from './containment/plain-containment';
import { PollingContainment } from './containment/polling-containment';
import type { Containment, OnDegraded } from './containment/types';
import type { SupervisorSettings } from './supervisor-options';

export type { GuaranteeLevel } from '../cgroup/preflight/types';

/** From the least to the most. */
export const guaranteeLevels = ['none', 'polling', 'kernel'] as const satisfies readonly GuaranteeLevel[];

/** What a supervisor can promise on this host, and what keeps it from promising more. */
export interface Guarantee {
  level: GuaranteeLevel;
  finding?: Finding;
}

/** What a host may lack. Any other error is a mistake, or passes. */
const lowering: Readonly<Partial<Record<ErrorCode, FindingName>>> = {
  ERR_SPILLWAY_UNSUPPORTED: 'platform',
  ERR_SPILLWAY_KERNEL_TOO_OLD: 'kernel-version',
  ERR_SPILLWAY_NOT_CGROUP2: 'cgroup-mount',
  ERR_SPILLWAY_NOT_DELEGATED: 'delegation',
  ERR_SPILLWAY_PERMISSION: 'permission',
  ERR_SPILLWAY_CONTROLLER_DISABLED: 'memory-controller',
  ERR_SPILLWAY_CGROUP_BUSY: 'processes-in-base',
};

/**
 * Takes the best that the host gives.
 *
 * @throws what keeps the host from giving what `require` demands, and every mistake
 */
export async function chooseContainment(settings: SupervisorSettings, onDegraded: OnDegraded): Promise<{ containment: Containment; guarantee: Guarantee }> {
  let finding: Finding | undefined;
  for (const level of ['kernel', 'polling'] as const) {
    try {
      const containment = level === 'kernel' ? await KernelContainment.create(settings, onDegraded) : await PollingContainment.create(settings, onDegraded);
      return { containment, guarantee: { level, ...(finding && { finding }) } };
    } catch (error) {
      if (!(error instanceof SpillwayError) || settings.require === level || settings.require === 'kernel') throw error;
      // Polling needs nothing of the host but the native binary.
      const check = level === 'kernel' || error.code === 'ERR_SPILLWAY_UNSUPPORTED' ? lowering[error.code] : undefined;
      if (check === undefined) throw error;
      finding = { check, severity: 'error', message: error.message, lowersTo: check === 'platform' ? 'none' : 'polling' };
    }
  }
  return { containment: new PlainContainment(), guarantee: { level: 'none', ...(finding && { finding }) } };
}

const meaning = {
  polling: 'it measures processes at intervals instead of hearing the kernel, and no kernel guards its limits',
  none: 'it runs plain child processes and does nothing about memory',
} as const;

/** Says once per cause, by `process.emitWarning`, that less is promised than could be. */
export function warnIfLowered({ level, finding }: Guarantee): void {
  if (level === 'kernel' || finding === undefined || warned.has(finding.message)) return;
  warned.add(finding.message);
  process.emitWarning(`Spillway works at guarantee level '${level}' here: ${meaning[level]}. ${finding.message}`, {
    type: 'SpillwayWarning',
    code: 'SPILLWAY_GUARANTEE_LOWERED',
    detail: "'npx spillway doctor' tells more; the option 'require' insists on a level",
  });
}

const warned = new Set<string>();
