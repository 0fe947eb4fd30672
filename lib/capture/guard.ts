import { isHooked } from '../nn/hooks.js'
import type { Module } from '../nn/module.js'
import type { Storage } from '../storage.js'
import { Tensor } from '../tensor.js'
import type { GradientBefore, Recording } from './recording.js'

/**
 * Tells whether what a recorded step took for granted still holds: modes, options, members and frozen parameters of its modules,
 * gradients, what constants came from, what optimizers remember.
 */
export class Guard {
  readonly #modes: [module: Module, training: boolean, hooked: boolean][] = []
  readonly #members: [owner: Record<string, unknown>, name: string, value: unknown][] = []
  readonly #tensors: [tensor: Tensor, requiresGrad: boolean, storage: unknown][] = []
  readonly #gradients: [tensor: Tensor, before: GradientBefore][]
  readonly #checks: readonly (() => boolean)[]
  /** What constants were worked out from, and its version then. */
  readonly #sources: [storage: Storage, version: number][]

  constructor({ called, gradients, folding, checks }: Recording) {
    this.#checks = checks
    const modules = new Set<Module>()
    for (const root of [...called] as unknown as Module[]) for (const module of root.modules()) modules.add(module)
    for (const module of modules) this.#watch(module)
    this.#sources = [...(folding?.sources ?? [])]
    this.#gradients = [...gradients].filter(([, before]) => before !== 'any')
  }

  #watch(module: Module): void {
    this.#modes.push([module, module.training, isHooked(module)])
    const owner = module as unknown as Record<string, unknown>
    for (const [name, value] of Object.entries(owner)) {
      if (typeof value === 'object' && value !== null && !(value instanceof Tensor)) continue
      this.#members.push([owner, name, value])
      if (value instanceof Tensor) this.#tensors.push([value, value.requiresGrad, value.storage])
    }
  }

  holds(): boolean {
    return (
      this.#modes.every(([module, training, hooked]) => module.training === training && isHooked(module) === hooked) &&
      this.#members.every(([owner, name, value]) => owner[name] === value) &&
      this.#tensors.every(
        ([tensor, requiresGrad, storage]) =>
          !tensor.disposed && tensor.requiresGrad === requiresGrad && tensor.storage === storage,
      ) &&
      this.#sources.every(([storage, version]) => storage.version === version) &&
      this.#checks.every((holds) => holds()) &&
      this.#gradients.every(([{ grad }, before]) => (before === 'none' ? !grad : grad?.storage === before))
    )
  }
}
