import type { Tensor } from '../tensor.js'
import { describe } from '../errors.js'
import { isModule, ownModules } from './members.js'
import { Module } from './module.js'

/** A module from one tensor to one tensor. */
export type Layer = Module & ((x: Tensor) => Tensor)

/**
 * Layers one after the other.
 *
 * ```ts
 * new nn.Sequential(new nn.Linear(784, 50), new nn.Sigmoid(), new nn.Linear(50, 10))
 * new nn.Sequential({ hidden: new nn.Linear(784, 50), activation: new nn.Sigmoid() })
 * ```
 */
export class Sequential extends Module {
  /**
   * @param layers one after the other, in an array, or in an object that names them
   * @throws TypeError when one is no module, RangeError when a name is one that modules use themselves, like `train`, or
   *   has a dot
   */
  constructor(...layers: readonly Layer[] | [layers: readonly Layer[] | Readonly<Record<string, Layer>>]) {
    super()
    const [first] = layers
    for (const [name, layer] of Object.entries(layers.length === 1 && !isModule(first) ? (first ?? {}) : layers)) {
      if (!isModule(layer))
        throw new TypeError(`Sequential: expected layer '${name}' to be a module, got ${describe(layer)}`)
      if (name in this || name.includes('.'))
        throw new RangeError(`Sequential: expected a free layer name without a dot, got '${name}'`)
      Object.assign(this, { [name]: layer })
    }
  }

  /** The number of layers. */
  get size(): number {
    return this.layers().length
  }

  /** The layer at `index`; negative counts from the end. */
  at(index: number): Layer | undefined {
    return this.layers().at(index)
  }

  forward(x: Tensor): Tensor {
    let y = x
    for (const layer of this.layers()) y = layer(y)
    return y
  }

  private layers(): Layer[] {
    return Array.from(ownModules(this), ([, layer]) => layer as Layer)
  }
}
