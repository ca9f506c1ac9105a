import { type CpuFigure, CpuSum } from './cpu-figure';
import { type MemoryFigure, MemorySum } from './memory-figure';
import { readOwnCpu } from './own-cpu';
import { readOwnMemory } from './own-memory';
import type { ResourceGroup } from './resource-group';

interface GroupFigures {
  figure: MemoryFigure;
  /** Absent where nobody measures it. */
  cpu: CpuFigure | undefined;
}

/** Goes over each group once, and tells what this process uses beside them, and together with what they track outside of it. */
export class ProcessTotals {
  /** Of all groups, what they track of other processes. */
  readonly #outside = new MemorySum();
  readonly #outsideCpu = new CpuSum();
  /** The same of the root's group. */
  readonly #rootOutside = new MemorySum();
  readonly #rootOutsideCpu = new CpuSum();
  /** Of this process, what is known apart from its rest. */
  readonly #inside = new MemorySum();
  readonly #insideCpu = new CpuSum();

  add(group: ResourceGroup): GroupFigures {
    const isRoot = group.name === '';
    const sum = new MemorySum();
    for (const source of group.sources) {
      const { figure } = source;
      sum.add(figure);
      if (source.inProcess) {
        if (!isRoot) this.#inside.add(figure);
        continue;
      }
      this.#outside.add(figure);
      if (isRoot) this.#rootOutside.add(figure);
    }
    const sumCpu = new CpuSum();
    for (const figure of group.cpuFigures('inside')) {
      sumCpu.add(figure);
      if (!isRoot) this.#insideCpu.add(figure);
    }
    for (const figure of group.cpuFigures('outside')) {
      sumCpu.add(figure);
      this.#outsideCpu.add(figure);
      if (isRoot) this.#rootOutsideCpu.add(figure);
    }
    return { figure: sum.figure, cpu: sumCpu.isEmpty ? undefined : sumCpu.figure };
  }

  /** Of the root: its own, and all that there is. To be called once, after all groups. */
  finish(): { figure: MemoryFigure; cpu: CpuFigure; total: MemoryFigure; totalCpu: CpuFigure } {
    const memory = readOwnMemory(this.#inside.figure.bytes ?? 0);
    const cpu = readOwnCpu(this.#insideCpu.figure.seconds ?? 0);
    this.#rootOutside.add(memory.remainder);
    this.#outside.add(memory.all);
    this.#rootOutsideCpu.add(cpu.remainder);
    this.#outsideCpu.add(cpu.all);
    return { figure: this.#rootOutside.figure, cpu: this.#rootOutsideCpu.figure, total: this.#outside.figure, totalCpu: this.#outsideCpu.figure };
  }
}
