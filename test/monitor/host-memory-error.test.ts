import { constants } from 'node:os';
import type { ErrorCode } from '../../lib/errors';
import { hostMemoryError } from '../../lib/monitor/host-memory-error';

const { errno } = constants;

it.each<[keyof typeof errno, ErrorCode, hint: string]>([
  ['ENOENT', 'ERR_SPILLWAY_SYSTEM', 'mount proc'],
  ['EACCES', 'ERR_SPILLWAY_PERMISSION', 'may not be read'],
  ['EMFILE', 'ERR_SPILLWAY_SYSTEM_LIMIT', 'ulimit -n'],
  ['EIO', 'ERR_SPILLWAY_SYSTEM', 'pread of /proc/meminfo failed'],
])('%s is %s and says what to do', (name, code, hint) => {
  const error = hostMemoryError({ errno: errno[name], syscall: 'pread', file: 'meminfo' }, 'watch');
  expect(error).toMatchObject({ code, cause: { code: name, syscall: 'pread' } });
  expect(error.message).toMatch(/^Could not watch the memory of the host: /);
  expect(error.message).toContain(hint);
});

it('another text than the kernel writes is told as that', () => {
  expect(hostMemoryError({ errno: -1, syscall: 'pread', file: 'meminfo' }, 'watch')).toMatchObject({ code: 'ERR_SPILLWAY_FILE_INVALID' });
});
