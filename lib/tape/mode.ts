import { refusePromise, type Synchronous } from '../scope.js'

let enabled = true

/** Whether ops are recorded on the tape now. */
export const isGradEnabled = (): boolean => enabled

/** Whether ops are recorded from now on. Returns whether they were, to be set again. */
export function setGradEnabled(mode: boolean): boolean {
  const before = enabled
  enabled = mode
  return before
}

function withGrad<T>(name: string, mode: boolean, fn: () => T): T {
  const before = setGradEnabled(mode)
  try {
    return refusePromise(name, fn())
  } finally {
    enabled = before
  }
}

/** Runs a synchronous function without recording a graph. */
export const noGrad = <T>(fn: () => Synchronous<T>): T => withGrad<T>('noGrad', false, fn)

/** Runs a synchronous function with recording, inside a `noGrad`. */
export const enableGrad = <T>(fn: () => Synchronous<T>): T => withGrad<T>('enableGrad', true, fn)
