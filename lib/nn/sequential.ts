import type { Tensor } from '../tensor.js'
import { ReLU } from './activation.js'
import { isObserved } from './callable.js'
import { isHooked } from './hooks.js'
import { checkChild, checkName, isModule, ownModules } from './members.js'
import { Module } from './module.js'
import { BatchNorm } from './norm.js'
import type { SymbolicTensor } from './symbolic.js'

/** Batch norm does what follows it along, unless a subclass has changed either, or somebody wants to see each call. */
const isPlainBatchNorm = (layer: Layer): layer is Layer & BatchNorm =>
  layer instanceof BatchNorm && layer.forward === BatchNorm.prototype.forward && !isHooked(layer)
const isPlainReLU = (layer: Layer | undefined): boolean =>
  layer instanceof ReLU && layer.forward === ReLU.prototype.forward && !isHooked(layer)

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
      if (isPlainBatchNorm(layer) && isPlainReLU(layers[i + 1]) && !isObserved()) {
        y = layer(y, true)
        i++
      } else y = layer(y)
    }
    return y
  }

  private layers(): Layer[] {
    return Array.from(ownModules(this), ([, layer]) => layer as Layer)
  }
}
