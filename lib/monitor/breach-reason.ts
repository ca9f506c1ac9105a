import { formatBytes } from '../format-bytes';
import type { NativeMemoryReport } from '../native';
import { takenOver } from './taken-over';
import { memoryEventKeys } from './types';

type Told = Pick<NativeMemoryReport, 'delta' | 'shortness' | 'usage' | 'limits' | 'kills'>;

/** Says for people what a report of the event monitor means: the figures, and whether they are bad. */
export function breachReason(cgroup: string, report: Told): string {
  return standing(cgroup, report) + kernelKills(report);
}

function standing(cgroup: string, report: Told): string {
  const { shortness, kills } = report;
  const seen = whatWasSeen(report);
  if (!shortness.known) return `${cgroup}: ${seen}; its usage or limits cannot be read, so whether it is short is unknown`;
  if (!shortness.short) return `${cgroup}: ${seen}${kills === 0 ? ', not short' : '; not short now'}: ${copingSentence(report)}`;
  return (
    `${cgroup} is short of memory: ${formatBytes(shortness.pinnedBytes ?? 0)} cannot be reclaimed, ` +
    `${limitName(report)} is ${formatBytes(shortness.markBytes)} (${seen}); ` +
    `${formatBytes(shortness.bytesToFree)} must be freed`
  );
}

function whatWasSeen({ delta, kills }: Told): string {
  const growth = memoryEventKeys.filter((key) => delta[key] > 0).map((key) => `${key} +${delta[key]}`);
  const seen = growth.length === 0 ? ['no new event, seen at a safety read'] : growth;
  return [...seen, ...(kills === 0 ? [] : [takenOver(kills)])].join(', ');
}

/** The worst that can happen is said in words: `oom_kill +1` is easily overlooked. */
function kernelKills({ delta }: Told): string {
  if (delta.oom_kill === 0) return '';
  return `; the kernel's OOM killer has killed ${delta.oom_kill === 1 ? 'a process' : `${delta.oom_kill} processes`}`;
}

function copingSentence({ shortness, usage }: Told): string {
  if (shortness.markBytes === Infinity) return 'it has no limit of its own';
  const { pinnedBytes } = shortness;
  if (pinnedBytes === undefined) return `it uses ${formatBytes(usage.currentBytes ?? 0)} of ${formatBytes(shortness.markBytes)}`;
  return `only ${formatBytes(pinnedBytes)} of ${formatBytes(shortness.markBytes)} cannot be reclaimed, the rest is cache`;
}

function limitName({ limits }: Told): string {
  const { highBytes = Infinity, maxBytes = Infinity } = limits;
  return highBytes <= maxBytes ? 'memory.high' : 'memory.max';
}
