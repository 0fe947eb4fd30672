import { describe } from '../errors.js'
import type { Tensor } from '../tensor.js'
import { Callable } from './callable.js'
import type { Module } from './module.js'
import { Parameter } from './parameter.js'

const bufferNames = new WeakMap<Module, Set<string>>()

/** Makes the tensor under `name` part of the module's state, though not a parameter. */
export function declareBuffer(owner: Module, name: string): void {
  const names = bufferNames.get(owner)
  if (names) names.add(name)
  else bufferNames.set(owner, new Set([name]))
}

export const isModule = (value: unknown): value is Module => value instanceof Callable

/** @throws {TypeError} unless `value` is a module */
export function checkChild<M extends Module>(owner: string, name: string, value: M): M {
  if (!isModule(value)) throw new TypeError(`${owner}: expected layer '${name}' to be a module, got ${describe(value)}`)
  return value
}

/** @throws {RangeError} when modules use the name themselves, like `train`, or it has a dot */
export function checkName(owner: string, name: string, module: Module): void {
  if (name in module || name.includes('.'))
    throw new RangeError(`${owner}: expected a free layer name without a dot, got '${name}'`)
}

/** runningMean → running_mean: files and PyTorch users know the second. */
export const snakeCase = (name: string): string =>
  name.replace(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before}_${after.toLowerCase()}`)

const verbatim = new WeakSet<Module>()

/** Has the module's own parameters and buffers stand in the state under the names of their fields, as they are. */
export const keepNames = (owner: Module): void => void verbatim.add(owner)

const stateName = (owner: Module, name: string): string => (verbatim.has(owner) ? name : snakeCase(name))

/** The values of the module's fields, those in arrays under `field.index`. */
function* fields(owner: Module): Generator<[name: string, value: unknown]> {
  for (const [name, value] of Object.entries(owner)) yield* flattened(name, value)
}

function* flattened(name: string, value: unknown): Generator<[name: string, value: unknown]> {
  if (!Array.isArray(value)) yield [name, value]
  else for (const [index, item] of value.entries()) yield* flattened(`${name}.${index}`, item)
}

/** The module's own parameters, repeated where two fields share one. */
export function* ownParameters(owner: Module): Generator<[name: string, parameter: Parameter]> {
  for (const [name, value] of fields(owner)) if (value instanceof Parameter) yield [stateName(owner, name), value]
}

/** The module's own buffers. */
export function* ownBuffers(owner: Module): Generator<[name: string, buffer: Tensor]> {
  for (const name of bufferNames.get(owner) ?? []) {
    const value = (owner as unknown as Record<string, Tensor | undefined>)[name]
    if (value) yield [stateName(owner, name), value]
  }
}

/** The module's children, repeated where two fields share one. */
export function* ownModules(owner: Module): Generator<[name: string, child: Module]> {
  for (const [name, value] of fields(owner)) if (isModule(value)) yield [name, value]
}

const join = (prefix: string, name: string): string => (prefix ? `${prefix}.${name}` : name)

/** The module and all below it with their paths, parents first. With `shared`, a module in two places comes twice. */
export function* allModules(root: Module, shared = false): Generator<[path: string, module: Module]> {
  const seen = new Set<Module>()
  function* visit(path: string, module: Module): Generator<[string, Module]> {
    if (!shared && seen.has(module)) return
    seen.add(module)
    yield [path, module]
    for (const [name, child] of ownModules(module)) yield* visit(join(path, name), child)
  }
  yield* visit('', root)
}

/** What `own` yields of the module and of all below it, under dotted names. */
export function* gather<T>(
  root: Module,
  own: (owner: Module) => Iterable<[string, T]>,
  shared = false,
): Generator<[name: string, value: T]> {
  const seen = new Set<T>()
  for (const [path, module] of allModules(root, shared))
    for (const [name, value] of own(module)) {
      if (!shared && seen.has(value)) continue
      seen.add(value)
      yield [join(path, name), value]
    }
}

/** @throws {RangeError} when there is no module at the path */
export function submodule(root: Module, path: string): Module {
  let module = root
  let rest = path
  while (rest) {
    // A module in an array has a name with a dot, as 'blocks.0'.
    const found = [...ownModules(module)].find(([name]) => rest === name || rest.startsWith(`${name}.`))
    if (!found) {
      const names = Array.from(ownModules(module), ([name]) => name).join(', ') || 'no children'
      const where = path.slice(0, Math.max(0, path.length - rest.length - 1))
      throw new RangeError(
        `getSubmodule: expected '${path}' to lead to a module, got ${module.constructor.name}${where && ` at '${where}'`} ` +
          `with ${names}`,
      )
    }
    rest = rest.slice(found[0].length + 1)
    module = found[1]
  }
  return module
}

/** @throws {RangeError} when there is no parameter of that name */
export function parameter(root: Module, name: string): Parameter {
  for (const [known, value] of gather(root, ownParameters, true)) if (known === name) return value
  throw new RangeError(`getParameter: expected the name of a parameter of ${root.constructor.name}, got '${name}'`)
}
