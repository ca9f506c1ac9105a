import { preflightOf, type PreflightOptions } from '../cgroup/preflight/preflight';
import type { HostFacts } from '../cgroup/preflight/host-facts';
import { findingNames, levelOf, type Finding, type GuaranteeLevel } from '../cgroup/preflight/types';
import { printable } from '../printable';
import { wrap } from '../wrap';
import { launchersOf } from './launchers';

export interface Look {
  /** ANSI colours. */
  colours: boolean;
  /** Lines are wrapped to this width. Default `Infinity`: one line for each finding, easy to grep. */
  columns?: number;
}

export interface Diagnosis {
  level: GuaranteeLevel;
  findings: Finding[];
}

/**
 * What a supervisor would find that is started the way this process was.
 *
 * @throws ERR_SPILLWAY_INVALID_OPTION
 */
export function diagnose(facts: HostFacts, options: PreflightOptions): Diagnosis {
  const findings = preflightOf(facts, options, launchersOf(facts));
  return { level: levelOf(findings), findings };
}

const marks = {
  ok: { mark: '✓', colour: '32' },
  info: { mark: '·', colour: '36' },
  warning: { mark: '!', colour: '33' },
  error: { mark: '✗', colour: '31' },
} as const;

const meanings: Readonly<Record<GuaranteeLevel, string>> = {
  kernel: 'limits are heard from the kernel the moment it counts them, and each worker has a cgroup of its own.',
  polling: 'memory of the processes is read at intervals, and kills go by pidfd; a fast burst, or what a worker leaves behind, may be missed.',
  none: 'workers are plain child processes, and nobody watches their memory.',
};

const levelColours: Readonly<Record<GuaranteeLevel, string>> = { kernel: '32', polling: '33', none: '31' };

const nameWidth = Math.max(...findingNames.map((name) => name.length));
const indent = ' '.repeat(nameWidth + 4);

/** Writes it for people: a line for each check, what mends it below, and at the end what it comes to. */
export function format({ level, findings }: Diagnosis, { colours, columns = Infinity }: Look): string {
  const paint = (text: string, colour: string): string => (colours ? `\x1b[${colour}m${text}\x1b[0m` : text);
  const hang = (text: string): string => wrap(text, columns - indent.length).join(`\n${indent}`);
  const lines = findings
    .filter(({ skipped }) => skipped !== true)
    .flatMap(({ check, severity, message, fix }) => {
      const { mark, colour } = marks[severity];
      const line = `${paint(mark, colour)} ${check.padEnd(nameWidth)}  ${hang(printable(message))}`;
      // Not wrapped: it is there to be copied.
      return fix === undefined ? [line] : [line, `${indent}${paint(`→ ${printable(fix)}`, '2')}`];
    });
  const skipped = findings.filter((each) => each.skipped === true).map(({ check }) => check);
  if (skipped.length > 0) lines.push(`${paint('·', '36')} ${'not looked at'.padEnd(nameWidth)}  ${hang(`${skipped.join(', ')}.`)}`);
  const lowering = findings.filter(({ lowersTo }) => lowersTo === level).map(({ check }) => check);
  const because = lowering.length === 0 ? '' : ` Lowered by: ${lowering.join(', ')}.`;
  // Its colour goes in afterwards, so as not to count as width.
  const sentence = wrap(`Guarantee level ${level}: ${meanings[level]}${because}`, columns).join('\n');
  return `${lines.join('\n')}\n\n${sentence.replace(`level ${level}`, `level ${paint(level, levelColours[level])}`)}\n`;
}
