import type { TimelineStep } from '../types';

/** What each step of a time line means, for people who do not know Spillway. A step that is missing here is a type error. */
export const stepMeanings: Readonly<Record<TimelineStep, string>> = {
  noticed: 'the shortage was noticed',
  leased: "the supervisor's JavaScript began to deal with it",
  measured: 'limits and memory were read anew',
  reclaimed: 'gave back idle memory',
  warned: 'was asked to give memory back',
  decided: 'was chosen',
  signalled: 'was sent its signal',
  exited: 'was gone, with all its processes',
  freed: 'had come back',
  stuck: 'had not died in time, and was not waited for any longer',
  extended: 'the same limit was hit again',
  ended: 'the round was over',
};

export const timelineSteps = Object.keys(stepMeanings) as TimelineStep[];
