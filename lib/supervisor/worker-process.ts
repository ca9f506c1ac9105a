import type { Candidate } from '../policy/types';
import type { Enclosure, LimitLevel } from './containment/types';
import { exitBlame, exitCause, mayBeAbort, retryHint, type EndFacts, type KillFacts } from './exit-cause';
import type { MainEnd, MainProcess } from './main-process';
import type { WorkerExit } from './types';
import type { WorkerFacts, WorkerUpdate } from './worker-options';

/** A started worker: its process, what it is held in, and its end. What users get of it is `Worker`. */
export class WorkerProcess {
  /** Settles when nothing of it is left. Never rejects. */
  readonly exited: Promise<WorkerExit>;
  readonly pid: number;
  #kill: (KillFacts & { reportId?: string }) | undefined;
  #askedToEnd = false;
  #stuck = false;
  #ended = false;
  #idle = false;
  #startedAtMs = performance.now();

  constructor(
    readonly facts: WorkerFacts,
    readonly main: MainProcess,
    readonly enclosure: Enclosure,
  ) {
    this.pid = main.pid;
    this.exited = main.ended.then((end) => this.#end(end));
    enclosure.record(facts, main.pid);
  }

  /** Signalled, by Spillway or through it, or ended by itself; and something of it may be left. */
  get dying(): boolean {
    return this.#kill !== undefined || this.#ended;
  }

  /** What a dying worker will still give back; nothing can be hoped of one that does not die. */
  get dyingBytes(): number {
    if (this.#stuck || !this.dying) return 0;
    return freeableBytes(this.enclosure.sample()?.usage) ?? 0;
  }

  get stuck(): boolean {
    return this.#stuck;
  }

  markStuck(): void {
    this.#stuck = true;
  }

  /** Asks the main process to end by itself. */
  askToEnd(): void {
    if (this.#ended) return;
    this.#askedToEnd = true;
    this.enclosure.beforeSignal?.('SIGTERM');
    this.main.signal('SIGTERM');
  }

  /** The process first, by its pidfd (p99 0.03 ms), then all of it, which catches its forks. */
  kill(reason: KillFacts['for'], reportId?: string, level?: LimitLevel): void {
    // It has ended already, and nobody killed it.
    if (this.#ended) return;
    this.enclosure.beforeSignal?.('SIGKILL');
    this.main.signal('SIGKILL');
    this.enclosure.kill();
    this.#kill ??= {
      for: reason,
      ...(reportId !== undefined && { reportId }),
      ...(level !== undefined && { level }),
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
    this.enclosure.record(this.facts, this.pid);
  }

  /** What a policy sees of it, as of now. */
  candidate(): Candidate {
    const { id, group, owner, retriable, kind, priority, attempt, labels } = this.facts;
    const usage = this.enclosure.sample()?.usage ?? {};
    return {
      id,
      pid: this.pid,
      group,
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

  /** The main process has ended. Whatever it left behind ends too. */
  async #end({ code, signal }: MainEnd): Promise<WorkerExit> {
    this.#ended = true;
    const { main, facts } = this;
    main.release();
    const last = await this.enclosure.settle(signal === 'SIGKILL' && this.#kill === undefined);
    const end: EndFacts = {
      code,
      signal,
      kill: this.#kill,
      askedToEnd: this.#askedToEnd,
      aborted: main.aborted,
      heapIsFull: mayBeAbort({ code, signal }) && (await main.saidHeapIsFull()),
      kernelKilledFor: last.kernelKilledFor,
    };
    const cause = exitCause(end);
    const blame = exitBlame(cause, end);
    return {
      id: facts.id,
      code,
      signal,
      cause,
      ...(blame !== undefined && { blame }),
      retryHint: retryHint(cause, blame),
      ...(last.peakBytes !== undefined && { peakBytes: last.peakBytes }),
      ...(last.counters !== undefined && { counters: last.counters }),
      ...(last.leftovers !== undefined && { leftovers: last.leftovers }),
      ...(cause === 'spillway' && this.#kill?.reportId !== undefined && { reportId: this.#kill.reportId }),
    };
  }
}

/** What its death gives back: page cache stays with the pool, shared memory may. */
function freeableBytes(usage: Candidate['usage'] | undefined): number | undefined {
  if (usage?.anonBytes === undefined) return undefined;
  return usage.anonBytes + (usage.swapBytes ?? 0);
}
