import type { Finding, FindingName } from './types';

type Rest = Pick<Finding, 'fix' | 'lowersTo'>;

/** Short forms, so that a check reads as what it says. */
export const ok = (check: FindingName, message: string): Finding => ({ check, severity: 'ok', message });
export const info = (check: FindingName, message: string, rest: Rest = {}): Finding => ({ check, severity: 'info', message, ...rest });
export const warning = (check: FindingName, message: string, rest: Rest = {}): Finding => ({ check, severity: 'warning', message, ...rest });
export const error = (check: FindingName, message: string, rest: Rest = {}): Finding => ({ check, severity: 'error', message, ...rest });

export const skipped = (check: FindingName, why: string): Finding => ({ check, severity: 'info', message: `Not looked at: ${why}.`, skipped: true });
