import { parseGroupLimits } from '../../lib/supervisor/group-options';

it('has no limits where none are given', () => {
  expect(parseGroupLimits({})).toEqual({ highBytes: Infinity, maxBytes: Infinity });
  expect(parseGroupLimits({ highBytes: '1KiB', maxBytes: 'max' })).toEqual({ highBytes: 1024, maxBytes: Infinity });
  expect(parseGroupLimits({ highBytes: 'max', maxBytes: 5 })).toEqual({ highBytes: Infinity, maxBytes: 5 });
});

it.each([[{ highBytes: 2, maxBytes: 1 }], [{ highBytes: 0 }], [{ maxBytes: -1 }], [{ highBytes: 'much' }], [{ high: 1 }], [null]])('refuses %j', (options) => {
  expect(() => parseGroupLimits(options as object)).toThrow(expect.objectContaining({ code: 'ERR_SPILLWAY_INVALID_OPTION' }) as Error);
});
