export { SpillwayError, errorCodes, type ErrorCode } from './errors';
export { isSupported, support, type Support } from './native';
export { EventMemoryMonitor, type EventMemoryMonitorOptions } from './monitor/event-memory-monitor';
export type * from './monitor/types';
export * from './policy/index';
export type { Bytes } from './options';
