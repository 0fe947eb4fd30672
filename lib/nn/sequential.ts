import type { Tensor } from '../tensor.js'
import { ReLU } from './activation.js'
import { isObserved } from './callable.js'
import { isHooked } from './hooks.js'
import { checkChild, checkName, isModule, ownModules } from './members.js'
import { Module } from './module.js'
import { BatchNorm } from './norm.js'
import { MaxPool1d, MaxPool2d, MaxPool3d } from './pool.js'
import type { SymbolicTensor } from './symbolic.js'

// Batch norm does a ReLU that follows it along, and max pooling one before it, which comes to the same as one after it.
const RELU = [ReLU]
const takesReluAfter = [BatchNorm]
const takesReluBefore = [MaxPool1d, MaxPool2d, MaxPool3d]

/** Of one of the types, not changed by a subclass, and nobody wants to see each call. */
const isPlain = (layer: Layer | undefined, types: readonly { prototype: Layer }[]): layer is Layer =>
  layer !== undefined &&
  types.some(
    ({ prototype }) => Object.prototype.isPrototypeOf.call(prototype, layer) && layer.forward === prototype.forward,
  ) &&
  !isHooked(layer)

/** A layer that can do a ReLU in the same pass over memory. */
type WithRelu = (x: Tensor, relu: boolean) => Tensor

/** A module from one tensor to one tensor. */
export type Layer = Module & ((x: Tensor) => Tensor) & ((x: SymbolicTensor) => SymbolicTensor)

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
    const named: Iterable<[string, unknown]> = Object.entries(
      layers.length === 1 && !isModule(first) ? (first ?? {}) : layers,
    )
    for (const [name, layer] of named) {
      checkChild('Sequential', name, layer as Layer)
      checkName('Sequential', name, this)
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
    const layers = this.layers()
    let y = x
    for (let i = 0; i < layers.length; i++) {
      const layer = layers[i]!
      const next = layers[i + 1]
      if (isPlain(layer, takesReluAfter) && isPlain(next, RELU) && !isObserved()) {
        y = (layer as WithRelu)(y, true)
        i++
      } else if (isPlain(layer, RELU) && isPlain(next, takesReluBefore) && !isObserved()) {
        y = (next as WithRelu)(y, true)
        i++
      } else y = layer(y)
    }
    return y
  }

  private layers(): Layer[] {
    return Array.from(ownModules(this), ([, layer]) => layer as Layer)
  }
}
