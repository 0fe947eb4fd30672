import { allocLike } from '../alloc.js'
import { AutogradError, describe, ShapeError } from '../errors.js'
import { kernels } from '../native.js'
import { checkGradient, checkTensor } from '../ops/check.js'
import { disown, own } from '../scope.js'
import { showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { add, separate } from './accumulate.js'
import { propagate, type Seed } from './engine.js'
import type { Node } from './node.js'

/** Options of {@link backward}. */
export interface BackwardOptions {
  /** Whether another pass may go through the graph; default false: what it saved is freed on the way. */
  retainGraph?: boolean
}

function checkRoot(op: string, root: Tensor, gradient: Tensor | undefined): void {
  checkTensor(op, 'root', root)
  if (!root.requiresGrad)
    throw new AutogradError(`${op}: expected a tensor that requires a gradient, got one without a graph`)
  if (!gradient && root.size !== 1)
    throw new ShapeError(`${op}: expected a scalar or a gradient argument, got a tensor of ${showShape(root.shape)}`)
  if (gradient !== undefined) checkGradient(op, root, gradient)
}

/** A root of a pass with its gradient, ones for a scalar. */
function seedOf(op: string, root: Tensor, gradient: Tensor | undefined): Seed {
  const seed = gradient ? gradient.alias() : disown(allocLike(op, root))
  if (!gradient) kernels.fill(1, 1, seed.handle)
  return [root.owner.node ?? root, seed]
}

/**
 * The gradients of `root`, weighted by `gradient` (ones for a scalar), accumulate in the `.grad` of every leaf that
 * requires one. Saved values are freed on the way, node by node.
 *
 * @throws {AutogradError} when there is no graph, or it was freed, or a saved tensor was changed in place
 * @throws {ShapeError} when `gradient` does not have root's shape, or is missing where root is no scalar
 * @throws {DTypeError} {@link DeviceError} when `gradient` is of another dtype or on another device than root
 * @throws {DisposedError} when root, or a leaf that a gradient arrives at, was disposed
 */
export function backward(root: Tensor, gradient?: Tensor, options: BackwardOptions = {}): void {
  checkRoot('backward', root, gradient)
  propagate([seedOf('backward', root, gradient)], { retainGraph: options.retainGraph === true })
}

/** Options of {@link grad}. */
export interface GradOptions extends BackwardOptions {
  /** The gradients of the outputs; default ones for a scalar, as many as there are outputs. */
  gradOutputs?: readonly (Tensor | undefined)[]
  /** Whether an input that the outputs do not depend on gets undefined instead of an error; default false. */
  allowUnused?: boolean
}

/**
 * The gradients of some tensors with respect to others, leaves or results of ops, without touching anybody's `.grad`.
 * Only what leads to them is computed.
 *
 * @param outputs a scalar, or tensors with `gradOutputs`
 * @returns for each input the sum over the outputs, off the tape
 * @throws as {@link backward}; {@link AutogradError} when no output depends on an input, unless `allowUnused`
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradOptions & { allowUnused: true },
): (Tensor | undefined)[]
export function grad(outputs: Tensor | readonly Tensor[], inputs: readonly Tensor[], options?: GradOptions): Tensor[]
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradOptions = {},
): (Tensor | undefined)[] {
  const roots = Array.isArray(outputs) ? (outputs as readonly Tensor[]) : [outputs as Tensor]
  const { gradOutputs = [], retainGraph = false, allowUnused = false } = options
  if (gradOutputs.length > roots.length)
    throw new RangeError(`grad: expected ${roots.length} gradOutputs, got ${gradOutputs.length}`)
  const places = placesOf(inputs)
  roots.forEach((root, i) => checkRoot('grad', root, gradOutputs[i]))
  const found = new Map<Node | Tensor, Tensor>()
  const gather = (at: Node | Tensor, dx: Tensor): void =>
    void found.set(at, found.has(at) ? add(found.get(at)!, dx) : dx)
  const wanted = new Set(places)
  try {
    const seeds = roots.map((root, i) => seedOf('grad', root, gradOutputs[i]))
    propagate(seeds, {
      retainGraph,
      wanted,
      deliver: (leaf, dx) => (wanted.has(leaf) ? gather(leaf, dx) : dx.dispose()),
      capture: (node, dy) => gather(node, dy.alias()),
    })
    const missing = places.findIndex((place) => !found.has(place))
    if (missing >= 0 && !allowUnused)
      throw new AutogradError(
        `grad: expected the outputs to depend on all inputs, got inputs[${missing}] that none depends on; ` +
          'pass { allowUnused: true } to get undefined for it',
      )
    const made = new Map<Node | Tensor, Tensor>()
    for (const place of places) {
      const dx = found.get(place)
      if (!dx) continue
      found.delete(place)
      const mine = separate(dx, place.layout)
      own(mine, 'grad')
      made.set(place, mine)
    }
    return places.map((place) => made.get(place))
  } finally {
    for (const dx of found.values()) dx.dispose()
  }
}

/** Where the gradients of grad's inputs are found. */
function placesOf(inputs: unknown): (Node | Tensor)[] {
  if (!Array.isArray(inputs)) throw new TypeError(`grad: expected an array of inputs, got ${describe(inputs)}`)
  return inputs.map((x: unknown, i) => {
    checkTensor('grad', `inputs[${i}]`, x)
    if (!x.requiresGrad)
      throw new AutogradError(`grad: expected inputs[${i}] to require a gradient, got one without a graph`)
    return x.owner.node ?? x
  })
}
