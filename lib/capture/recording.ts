import { native } from '../native.js'
import type { Folding } from './folding.js'
import type { Callable } from '../nn/callable.js'
import type { Storage } from '../storage.js'
import type { Tensor } from '../tensor.js'

/** What the run of a step tells about itself, for the step to be run again natively. */
export class Recording {
  /** What gives the numbers that differ from run to run, in the order of the calls that take them. */
  readonly numbers: (() => readonly number[])[] = []
  /** Those of this run. */
  readonly first: number[] = []
  /** Memory that the step changes in place. */
  readonly modified = new Set<Storage>()
  readonly called = new Set<Callable>()
  /** What the step takes for granted of the gradients that it changes. */
  readonly gradients = new Map<Tensor, GradientBefore>()
  /** Tell whether what else the step took for granted still holds. */
  readonly checks: (() => boolean)[] = []
  /** Whether the step made something that it will find made from now on. */
  settled = true

  /**
   * @param native whether kernel calls are put by, not run; else it is a rehearsal
   * @param inference whether parameters are constants, so that no module may be in training
   * @param folding what convolutions are held back by
   */
  constructor(
    readonly native: boolean,
    readonly inference: boolean,
    readonly folding?: Folding,
  ) {}

  /** A module is about to run. @throws {Error} when it must not be in training and is */
  visit(module: Callable): void {
    this.called.add(module)
    if (this.inference && (module as Callable & { training?: boolean }).training)
      throw new Error(
        `compile: expected modules in evaluation mode, got a ${module.constructor.name} in training; call eval() first`,
      )
  }
}

/** That a tensor has no gradient, or one in this memory; or nothing, since the step begins by setting one or none. */
export type GradientBefore = 'none' | 'any' | Storage

let current: Recording | undefined

/** The recording or rehearsal of a step that the running code is part of. */
export const recording = (): Recording | undefined => current

/** Notes that the step changes a gradient, for the first time given what it was. */
export function noteGradient(tensor: Tensor, before: GradientBefore): void {
  if (current && !current.gradients.has(tensor)) current.gradients.set(tensor, before)
}

/** Runs `step` as part of a recording. */
export function recordAs<T>(recording: Recording, step: () => T): T {
  current = recording
  try {
    return step()
  } finally {
    current = undefined
  }
}

/** Runs `fn` at once, as if nothing were recorded, on tensors that the recording did not make. */
export function outsideRecording<T>(fn: () => T): T {
  const run = current
  current = undefined
  native.suspend()
  try {
    return fn()
  } finally {
    native.resume()
    current = run
  }
}

/** Makes a kernel call with numbers that are others at the next run of the same step: they are asked for again. */
export function varying<const N extends readonly number[]>(numbers: () => N, call: (...numbers: N) => void): void {
  const first = numbers()
  call(...first)
  if (!current?.native) return
  if (native.vary() !== first.length) throw new Error('varying: expected all numbers of the call, and no others')
  current.numbers.push(numbers)
  current.first.push(...first)
}

/** @throws {Error} ERR_CAPTURE in a step that is captured */
export const refuseReading = (op: string): void =>
  refuseInStep(op, 'reading of values', 'return the tensor and read it outside')

/**
 * Refuses what JavaScript does anew in every step, and what replays would not follow.
 * @throws {Error} ERR_CAPTURE in a step that is captured
 */
export function refuseInStep(op: string, what: string, help: string): void {
  if (!current) return
  throw Object.assign(
    new Error(`${op}: expected no ${what} in a captured step, whose replays run no JavaScript; ${help}`),
    { code: 'ERR_CAPTURE' },
  )
}
