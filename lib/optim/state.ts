import { describe } from '../errors.js'
import { isRecord } from '../io/json.js'
import { misfits } from './differences.js'
import { sameShape, showShape } from '../shape.js'
import { Tensor } from '../tensor.js'
import type { Memory } from './optimizer.js'

/** What an optimizer remembers and its options, in PyTorch's layout. All but the tensors is JSON. */
export interface OptimizerStateDict {
  /** By the number of the parameter and by name: `state[0].expAvg`. Parameters that had no gradient yet are left out. */
  state: Record<string, Record<string, number | Tensor>>
  /** The options of each group, and the numbers of its parameters. */
  paramGroups: SavedGroup[]
}

/** A group of an {@link OptimizerStateDict}: its options, by name, and its parameters. */
export interface SavedGroup {
  /** Numbers of the parameters, in the order of the groups. */
  params: number[]
  [option: string]: number | boolean | readonly number[]
}

interface Group {
  params: readonly Tensor[]
}

/** The tensors share the optimizer's memory. */
export function saveState(groups: readonly Group[], state: ReadonlyMap<Tensor, object>): OptimizerStateDict {
  const saved: OptimizerStateDict = { state: {}, paramGroups: [] }
  let id = 0
  for (const { params, ...options } of groups) {
    saved.paramGroups.push({ ...options, params: params.map((_, i) => id + i) })
    for (const p of params) {
      const values = state.get(p)
      if (values)
        saved.state[id] = Object.fromEntries(
          Object.entries(values).map(([name, value]) => [name, value instanceof Tensor ? value.detach() : value]),
        )
      id++
    }
  }
  return saved
}

/** Where a state dict cannot be that of an optimizer with these groups; `check` throws for options out of range. */
export function differences(
  saved: OptimizerStateDict,
  groups: readonly Group[],
  memory: Memory<never>,
  check: (options: never) => void,
): string[] {
  const problems: string[] = []
  if (!isRecord(saved) || !isRecord(saved.state) || !Array.isArray(saved.paramGroups))
    return [`expected { state, paramGroups }, got ${describe(saved)}`]
  if (saved.paramGroups.length !== groups.length)
    return [`paramGroups: expected ${groups.length}, got ${saved.paramGroups.length}`]
  const ids = new Set<string>()
  for (const [i, group] of groups.entries()) {
    const from: unknown = saved.paramGroups[i]
    if (!isRecord(from) || !Array.isArray(from.params)) {
      problems.push(`paramGroups.${i}: expected options and params, got ${describe(from)}`)
      continue
    }
    const found = optionProblems({ ...group }, from, check).map((problem) => `paramGroups.${i}.${problem}`)
    problems.push(...found)
    if (from.params.length !== group.params.length)
      problems.push(`paramGroups.${i}.params: expected ${group.params.length}, got ${from.params.length}`)
    for (const [j, id] of from.params.map(String).entries()) {
      if (ids.has(id)) problems.push(`paramGroups.${i}.params: expected each number once, got ${id} twice`)
      ids.add(id)
      const p = group.params[j]
      const state: unknown = saved.state[id]
      if (!p || state === undefined) continue
      const needs = found.length ? group : from
      problems.push(...stateProblems(p, state, memory, needs as never).map((problem) => `state.${id}${problem}`))
    }
  }
  for (const id of Object.keys(saved.state)) if (!ids.has(id)) problems.push(`state.${id}: unexpected`)
  return problems
}

function optionProblems(
  group: Record<string, unknown>,
  from: Record<string, unknown>,
  check: (options: never) => void,
): string[] {
  // A group has initialLr once a scheduler was made. The parameters are compared elsewhere.
  const problems = misfits({ ...group, params: 0 }, { ...from, params: 0 }, ['initialLr'])
  if (problems.length) return problems
  try {
    check(from as never)
    return []
  } catch (error) {
    return [`options: ${(error as Error).message}`]
  }
}

function stateProblems(p: Tensor, state: unknown, { numbers, tensors }: Memory<never>, options: never): string[] {
  if (!isRecord(state)) return [`: expected numbers and tensors, got ${describe(state)}`]
  const problems: string[] = []
  for (const name of Object.keys(numbers))
    if (!Object.hasOwn(state, name)) problems.push(`.${name}: missing`)
    else if (typeof state[name] !== 'number') problems.push(`.${name}: expected a number, got ${describe(state[name])}`)
  for (const [name, needed] of Object.entries(tensors)) {
    const value = state[name]
    if (value === undefined) {
      if (needed(options) !== undefined) problems.push(`.${name}: missing`)
    } else if (!(value instanceof Tensor) || value.disposed)
      problems.push(`.${name}: expected a live tensor, got ${describe(value)}`)
    else if (!sameShape(value.shape, p.shape))
      problems.push(`.${name}: expected shape ${showShape(p.shape)}, got ${showShape(value.shape)}`)
  }
  for (const name of Object.keys(state))
    if (!Object.hasOwn(numbers, name) && !Object.hasOwn(tensors, name)) problems.push(`.${name}: unexpected`)
  return problems
}
