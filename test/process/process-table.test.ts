import fs from 'node:fs';
import { readProcess } from '../../lib/process/process-entry';
import { readProcessTable } from '../../lib/process/process-table';
import { errorOf } from '../support/error-of';
import { entryOf, FixtureProc, tableOf } from './support/fixture-proc';

describe('readProcessTable', () => {
  let proc: FixtureProc;
  beforeEach(() => {
    proc = new FixtureProc();
  });
  afterEach(() => {
    jest.restoreAllMocks();
    proc.remove();
  });

  it('reads all processes, and nothing else that stands there', () => {
    const entries = [entryOf(1, { parentPid: 0 }), entryOf(20), entryOf(300, { state: 'Z' })];
    proc.process(...entries).write('self/stat', '1 (x').write('007/stat', 'x').write('12a/stat', 'x').write('meminfo', '');
    expect(readProcessTable(proc.root)).toEqual(tableOf(...entries));
  });

  it('leaves out those that vanish meanwhile, and those that cannot be read', () => {
    proc.process(entryOf(1), entryOf(5)).makeDirectory('2').write('3/stat', '').write('4/stat', Buffer.from([0xff, 0, 0x28]));
    const { readFileSync } = fs;
    jest.spyOn(fs, 'readFileSync').mockImplementation((path, options) => {
      if (String(path).includes('/5/')) throw Object.assign(new Error('gone'), { code: 'ESRCH' });
      return readFileSync(path, options);
    });
    expect(readProcessTable(proc.root)).toEqual(tableOf(entryOf(1)));
  });

  it('throws what keeps it from reading a process, instead of leaving it out', () => {
    proc.process(entryOf(1)).makeDirectory('2/stat');
    expect(errorOf(() => readProcessTable(proc.root))).toMatchObject({ code: 'EISDIR' });
  });

  it.each(['EMFILE', 'ENFILE', 'ENOMEM'])('throws %s as it is', (code) => {
    const error = Object.assign(new Error(code), { code });
    proc.process(entryOf(1), entryOf(2));
    const readFileSync = jest.spyOn(fs, 'readFileSync').mockImplementation(() => {
      throw error;
    });
    expect(errorOf(() => readProcessTable(proc.root))).toBe(error);
    readFileSync.mockRestore();
    jest.spyOn(fs, 'readdirSync').mockImplementation(() => {
      throw error;
    });
    expect(errorOf(() => readProcessTable(proc.root))).toBe(error);
  });

  it('never says that there is no process', () => {
    expect(errorOf(() => readProcessTable(`${proc.root}/nowhere`))).toMatchObject({ code: 'ENOENT' });
    const message = expect.stringMatching(/spillway-proc-.*'mount -t proc/) as string;
    expect(errorOf(() => readProcessTable(proc.root))).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM', message });
  });

  it('of the real /proc has this process and its parent', () => {
    const table = readProcessTable();
    for (const pid of [process.pid, process.ppid]) {
      expect(table.get(pid)).toMatchObject({ pid, startTime: readProcess(pid)?.startTime });
    }
  });
});
