import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { whenEmpty } from '../cgroup/when-empty';
import { SpillwayError } from '../errors';
import { native } from '../native';
import type { Candidate } from '../policy/types';
import { exitCause, retryHint, type EndFacts } from './exit-cause';
import type { WorkerExit } from './types';
import type { WorkerLeaf } from './worker-leaf';
import type { WorkerFacts, WorkerUpdate } from './worker-options';

interface Kill {
  /** `'request'`: the user's `worker.kill()`, whose memory is on its way as well. */
  for: 'relief' | 'close' | 'request';
  reportId?: string;
  oomKillsAtSignal: number;
}

/** A started worker: its process, its leaf and its end. What users get of it is `Worker`. */
export class WorkerProcess {
  /** Settles when the leaf is empty and removed. Never rejects. */
  readonly exited: Promise<WorkerExit>;
  readonly pid: number;
  #kill: Kill | undefined;
  #stuck = false;
  #reaped = false;
  #aborted = false;
  #idle = false;
  #startedAtMs = performance.now();

  constructor(
    readonly facts: WorkerFacts,
    readonly process: ChildProcess,
    readonly leaf: WorkerLeaf,
    /** Owned. Names this process for ever, whoever gets its pid later. */
    private readonly pidfd: number,
    private readonly onDegraded: (error: SpillwayError) => void,
  ) {
    this.pid = process.pid ?? 0;
    this.exited = new Promise((resolve) => {
      process.once('exit', (code, signal) => {
        void this.#end(code, signal).then(resolve);
      });
    });
    process.on('error', (error) => {
      if (error.name === 'AbortError') this.#aborted = true;
    });
  }

  /** Signalled, by Spillway or through it, or ended by itself; and its leaf is not gone yet. */
  get dying(): boolean {
    return this.#kill !== undefined || this.#reaped;
  }

  /** What a dying worker will still give back; nothing can be hoped of one that does not die. */
  get dyingBytes(): number {
    if (this.#stuck || !this.dying) return 0;
    return freeableBytes(this.leaf.sample()?.usage) ?? 0;
  }

  get stuck(): boolean {
    return this.#stuck;
  }

  markStuck(): void {
    this.#stuck = true;
  }

  /** The process first, by its pidfd (p99 0.03 ms), then the whole leaf, which catches its forks. */
  kill(reason: Kill['for'], reportId?: string): void {
    // It has ended already, and nobody killed it.
    if (this.#reaped) return;
    // ESRCH: it has ended by itself just now, and `exited` tells how.
    native().signalPidfd(this.pidfd, constants.signals.SIGKILL);
    this.leaf.kill();
    // Read after the signal: a process with SIGKILL pending is no kill that the kernel would count
    // (task_will_free_mem() in mm/oom_kill.c), so what is counted by now came before ours.
    this.#kill ??= {
      for: reason,
      ...(reportId !== undefined && { reportId }),
      oomKillsAtSignal: this.leaf.sample()?.counters?.oom_kill ?? 0,
    };
  }

  update({ idle, retriable, priority, labels }: WorkerUpdate): void {
    if (idle !== undefined) {
      if (this.#idle && !idle) this.#startedAtMs = performance.now();
      this.#idle = idle;
    }
    if (retriable !== undefined) this.facts.retriable = retriable;
    if (priority !== undefined) this.facts.priority = priority;
    if (labels !== undefined) this.facts.labels = { ...labels };
  }

  /** What a policy sees of it, as of now. */
  candidate(): Candidate {
    const { id, owner, retriable, kind, priority, attempt, labels } = this.facts;
    const usage = this.leaf.sample()?.usage ?? {};
    return {
      id,
      pid: this.pid,
      group: 'default',
      ...(owner !== undefined && { owner }),
      retriable,
      kind,
      idle: this.#idle,
      startedAtMs: this.#startedAtMs,
      usage,
      freeableBytes: freeableBytes(usage),
      ...(priority !== undefined && { priority }),
      attempt,
      ...(labels !== undefined && { labels: { ...labels } }),
    };
  }

  /** The process has been reaped. Whatever it left behind ends too, then the last figures are read. */
  async #end(code: number | null, signal: NodeJS.Signals | null): Promise<WorkerExit> {
    this.#reaped = true;
    closeSync(this.pidfd);
    const { leaf, facts } = this;
    try {
      if (await leaf.cgroup.populated()) {
        leaf.kill();
        await whenEmpty(leaf.cgroup);
      }
    } catch (error) {
      // Perhaps no descriptor is left to look with; that of cgroup.kill is held.
      leaf.kill();
      this.#degraded('see that its cgroup is empty', error);
    }
    const counters = leaf.sample()?.counters;
    const peakBytes = await leaf.peakBytes();
    await leaf.remove().catch((error: unknown) => {
      this.#degraded('remove its cgroup', error);
    });
    const end: EndFacts = {
      code,
      signal,
      killedFor: this.#kill?.for === 'request' ? undefined : this.#kill?.for,
      aborted: this.#aborted,
      counters,
      oomKillsAtSignal: this.#kill?.oomKillsAtSignal ?? 0,
      hasOwnLimit: facts.memory.highBytes !== undefined || facts.memory.maxBytes !== undefined,
    };
    const cause = exitCause(end);
    return {
      id: facts.id,
      code,
      signal,
      cause,
      retryHint: retryHint(cause, end),
      ...(peakBytes !== undefined && { peakBytes }),
      ...(counters !== undefined && { counters }),
      ...(cause === 'spillway' && this.#kill?.reportId !== undefined && { reportId: this.#kill.reportId }),
    };
  }

  #degraded(doing: string, cause: unknown): void {
    this.onDegraded(
      new SpillwayError('ERR_SPILLWAY_SYSTEM', `Worker ${this.facts.id} has ended, but Spillway could not ${doing}: ${String(cause)}`, { cause }),
    );
  }
}

/** What its death gives back: page cache stays with the pool, shared memory may. */
function freeableBytes(usage: Candidate['usage'] | undefined): number | undefined {
  if (usage?.anonBytes === undefined) return undefined;
  return usage.anonBytes + (usage.swapBytes ?? 0);
}
