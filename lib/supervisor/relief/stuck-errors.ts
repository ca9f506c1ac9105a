import { SpillwayError } from '../../errors';
import type { ReliefReport } from '../types';

/** What is told of victims that did not die. */
export function stuckErrors({ victims }: Pick<ReliefReport, 'victims'>): SpillwayError[] {
  return victims.filter(({ died }) => !died).map(({ id, pid, stuck }) => {
    const state = stuck === undefined ? '' : ` (state ${stuck.state}${stuck.waitsFor === undefined ? '' : `, in ${stuck.waitsFor}`})`;
    return new SpillwayError('ERR_SPILLWAY_STUCK', `Worker ${id} was killed to relieve a limit, and its process ${pid} does not die${state}; its memory is not counted on`);
  });
}
