import type { Module } from '../../nn/module.js'
import type { Tensor } from '../../tensor.js'
import { slotsOf } from '../layouts.js'
import { toChannelsLast } from '../stateDict.js'

/** A tensor of the network that is written. */
export interface Out {
  readonly layer: string
  /** Which call of the layer it comes from. */
  readonly node: number
  /** Of a sample, as Keras has it; −1 where it is not known. */
  readonly shape: readonly number[]
  /** [C, H, W], where Keras' is that image flattened in the order H, W, C, and ours in the order C, H, W. */
  readonly image?: readonly number[] | undefined
}

interface WrittenLayer {
  readonly class_name: string
  readonly config: Record<string, unknown>
  readonly inbound: Out[][]
}

type Config = Readonly<Record<string, unknown>>

/** The layers of a network in Keras' terms, and their weights in its layouts. */
export class Writer {
  readonly layers = new Map<string, WrittenLayer>()
  readonly weights: { name: string; tensor: Tensor }[] = []
  readonly #own = new Map<Module, string>()

  input(name: string, shape: readonly number[]): Out {
    const batch = [null, ...shape.map((n) => (n < 0 ? null : n))]
    this.layers.set(name, {
      class_name: 'InputLayer',
      config: { name, batch_input_shape: batch, dtype: 'float32', sparse: false },
      inbound: [],
    })
    return { layer: name, node: 0, shape }
  }

  /** What writes one module. */
  of(module: Module, path: string): ModuleWriter {
    let name = this.#own.get(module)
    if (name === undefined) {
      name = path.replaceAll('.', '_') || 'layer'
      while (this.layers.has(name)) name += '_'
      this.#own.set(module, name)
    }
    return new ModuleWriter(this, module, name)
  }
}

/** Adds the layers of a module's call; a second call of the module adds calls of the same layers. */
export class ModuleWriter {
  constructor(
    readonly writer: Writer,
    readonly module: Module,
    readonly name: string,
  ) {}

  /** The module, which is of this class. */
  as<M extends Module>(type: abstract new (...args: never[]) => M): M {
    return this.module instanceof type ? this.module : this.refuse(`a ${type.name}`)
  }

  /** A layer of the module: its main one has the module's name and weights, others a suffix. */
  emit(className: string, config: Config, inputs: readonly Out[], shape: readonly number[], suffix = ''): Out {
    const name = this.name + suffix
    const { layers } = this.writer
    const layer = layers.get(name) ?? {
      class_name: className,
      config: { name, trainable: true, ...config },
      inbound: [],
    }
    layers.set(name, layer)
    layer.inbound.push([...inputs])
    return { layer: name, node: layer.inbound.length - 1, shape }
  }

  /** As `emit`, of a layer that looks at each element alone. */
  each(className: string, config: Config, x: Out, suffix = ''): Out {
    return { ...this.emit(className, config, [x], x.shape, suffix), image: x.image }
  }

  /** The module's weights, in Keras' layouts; `arrange` changes them further. */
  weigh(arrange: (x: Tensor, name: string) => Tensor = (x) => x): void {
    const { layers, weights } = this.writer
    if ((layers.get(this.name)?.inbound.length ?? 0) > 1) return
    const state = this.module.stateDict()
    for (const { state: key, keras, toKeras } of slotsOf(this.module)) {
      const tensor = state[key]
      if (tensor) weights.push({ name: `${this.name}/${keras[0]}`, tensor: arrange(toKeras(tensor), keras[0]) })
    }
  }

  /** A flattened image in our order, where others than the next dense layer read it. */
  settled(x: Out): Out {
    if (!x.image) return x
    const [channels, ...sides] = x.image as [number, ...number[]]
    const image = this.emit('Reshape', { target_shape: [...sides, channels] }, [x], [...sides, channels], '_image')
    const dims = [sides.length + 1, ...sides.map((_, i) => i + 1)]
    const first = this.emit('Permute', { dims }, [image], [channels, ...sides], '_order')
    return this.emit('Flatten', { data_format: 'channels_last' }, [first], x.shape, '_flat')
  }

  /** @throws {TypeError} for a module or an option that Keras has no counterpart for */
  refuse(what: string): never {
    throw new TypeError(`saveLayersModel: expected ${what}, got ${this.name}: ${String(this.module)}`)
  }
}

/** A vector of weights for a flattened image, in Keras' order. */
export const reordered = (weights: Tensor, { image }: Out, dim = 0): Tensor =>
  image ? toChannelsLast(weights, dim, image) : weights
