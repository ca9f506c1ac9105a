import { UsageBoard } from '../../lib/accounting/usage-board';

describe('UsageBoard', () => {
  it('has room, and no figures, until something is published', () => {
    const board = new UsageBoard();
    expect([board.words[0], board.usedBytes, board.sampledMs]).toEqual([0, 0, 0]);
  });

  it('gives back what was published last', () => {
    const board = new UsageBoard();
    board.publish(5, true, 7_000_000n);
    expect([board.words[0], board.usedBytes, board.sampledMs]).toEqual([1, 5, 7]);
    board.publish(Number.MAX_SAFE_INTEGER, false, 2n ** 53n);
    expect([board.words[0], board.usedBytes, board.sampledMs]).toEqual([0, Number.MAX_SAFE_INTEGER, 2 ** 53 / 1e6]);
  });

  it('can be handed to another thread', () => {
    expect(new UsageBoard().words.buffer).toBeInstanceOf(SharedArrayBuffer);
  });
});
