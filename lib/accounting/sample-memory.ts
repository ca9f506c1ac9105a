import { checkKeys, parseNumber } from '../options';
import type { Component } from './component-registry';

export interface SampleMemoryOptions {
  /** Figures that are younger stay as they are. Default 1000 ms; from 0 to 3,600,000. */
  maxAgeMs?: number;
  /** It returns after this time at the latest; who has not answered by then keeps the figure of before. Default 1000 ms; from 0 to 60,000. */
  timeoutMs?: number;
}

export interface SampleSettings {
  maxAgeMs: number;
  timeoutMs: number;
}

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseSampleOptions(owner: string, options: SampleMemoryOptions, timeoutMs = 1000): SampleSettings {
  checkKeys(owner, options, ['maxAgeMs', 'timeoutMs']);
  return {
    maxAgeMs: parseNumber('maxAgeMs', options.maxAgeMs ?? 1000, { min: 0, max: 3_600_000 }),
    timeoutMs: parseNumber('timeoutMs', options.timeoutMs ?? timeoutMs, { min: 0, max: 60_000 }),
  };
}

/**
 * Measures anew what the groups of a component, and of those below it, track. Nothing is measured unless somebody
 * asks: call it before reading figures. (Handlers and metrics of this package do so themselves.)
 *
 * @throws ERR_SPILLWAY_INVALID_OPTION, and nothing else: what does not answer shows in the age of its figure
 */
export async function sampleMemory(component: Component, options: SampleMemoryOptions = {}): Promise<void> {
  const { maxAgeMs, timeoutMs } = parseSampleOptions('sampleMemory()', options);
  const sources = component.resourceGroups().flatMap((group) => [...group.sources]);
  const answers = Promise.all(sources.flatMap((source) => source.refresh?.(maxAgeMs) ?? []));
  let timer: NodeJS.Timeout | undefined;
  // Where JavaScript was blocked meanwhile, answers may be there already: they are heard in the turn that begins with the timer.
  const late = new Promise((resolve) => { timer = setTimeout(() => setImmediate(resolve), timeoutMs); });
  await Promise.race([answers, late]);
  clearTimeout(timer);
}
