import { describe, FormatError } from '../errors.js'
import { Tensor } from '../tensor.js'
import { gather, ownBuffers, ownParameters } from './members.js'
import type { Module } from './module.js'
import { assign } from './move.js'

/** Tensors under dotted snake_case names, as PyTorch saves them. */
export type StateDict = Record<string, Tensor>

/** Options of `loadStateDict`. */
export interface LoadOptions {
  /** Whether missing and unexpected keys are errors; default true. */
  strict?: boolean
}

/** The keys that did not fit: see `strict`. */
export interface LoadReport {
  /** what the module has and the state has not */
  missingKeys: string[]
  /** what the state has and the module has not */
  unexpectedKeys: string[]
}

function* ownState(owner: Module): Generator<[name: string, tensor: Tensor]> {
  yield* ownParameters(owner)
  yield* ownBuffers(owner)
}

// A tensor shared by two fields is in the state under both names.
const entries = (module: Module): [name: string, tensor: Tensor][] => [...gather(module, ownState, true)]

export function stateDict(module: Module): StateDict {
  return Object.fromEntries(entries(module).map(([name, tensor]) => [name, tensor.detach()]))
}

export function loadStateDict(module: Module, state: StateDict, options: LoadOptions): LoadReport {
  const own = new Map(entries(module))
  const given = withoutPrefix(state, own)
  // Files from before PyTorch 0.4.1 and converted ones have no counts, which PyTorch then leaves alone too.
  for (const key of own.keys()) if (COUNT.test(key) && isObject(given) && !Object.hasOwn(given, key)) own.delete(key)
  return load(module.constructor.name, own, given, options)
}

const COUNT = /(^|\.)num_batches_tracked$/
const isObject = (state: unknown): boolean => typeof state === 'object' && state !== null

/** DataParallel puts `module.` before all names. */
function withoutPrefix(state: StateDict, own: ReadonlyMap<string, Tensor>): StateDict {
  const prefix = 'module.'
  const keys = isObject(state) ? Object.keys(state) : []
  if (!keys.length || !keys.every((key) => key.startsWith(prefix)) || [...own.keys()].some((k) => k.startsWith(prefix)))
    return state
  return Object.fromEntries(keys.map((key) => [key.slice(prefix.length), state[key]!]))
}

/** Copies a state into the tensors of `owner`, or throws FormatError with all that does not fit. */
export function load(
  owner: string,
  own: ReadonlyMap<string, Tensor>,
  state: StateDict,
  { strict = true }: LoadOptions = {},
): LoadReport {
  if (state === null || typeof state !== 'object' || (state as unknown) instanceof Tensor)
    throw new TypeError(`loadStateDict: expected an object of tensors by name, got ${describe(state)}`)
  const missingKeys = [...own.keys()].filter((key) => !Object.hasOwn(state, key))
  const unexpectedKeys = Object.keys(state).filter((key) => !own.has(key))
  const wrong: string[] = []
  const copies: [to: Tensor, from: Tensor][] = []
  for (const [key, tensor] of own) {
    if (!Object.hasOwn(state, key)) continue
    const value: unknown = state[key]
    if (!(value instanceof Tensor) || value.disposed)
      wrong.push(`${key}: expected a live tensor, got ${describe(value)}`)
    else if (String(value.shape) === String(tensor.shape)) copies.push([tensor, value])
    else wrong.push(`${key}: expected shape [${tensor.shape.join(', ')}], got [${value.shape.join(', ')}]`)
  }
  const problems = strict
    ? [...missingKeys.map((key) => `${key}: missing`), ...unexpectedKeys.map((key) => `${key}: unexpected`), ...wrong]
    : wrong
  if (problems.length)
    throw new FormatError(
      `loadStateDict: expected the state of ${owner}, got one with ${problems.length} ` +
        `difference${problems.length > 1 ? 's' : ''}:\n  ${problems.join('\n  ')}`,
    )
  for (const [to, from] of copies) assign(to, from)
  return { missingKeys, unexpectedKeys }
}
