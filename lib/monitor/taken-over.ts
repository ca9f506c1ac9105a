/** Says for people what the native thread did; a part of a sentence. */
export function takenOver(kills: number): string {
  return `short while JavaScript did not answer, and ${kills === 1 ? 'a worker was' : `${kills} workers were`} killed by the native thread`;
}
