import { allocLike } from './alloc.js'
import { withoutAutocast } from './autocast.js'
import { AutogradError, ShapeError } from './errors.js'
import { toLayout } from './layout.js'
import { kernels } from './native.js'
import { checkGradient, checkTensor } from './ops/check.js'
import { collectLater } from './garbage.js'
import { disown, refusePromise, Scope, type Synchronous } from './scope.js'
import { showShape, type Layout } from './shape.js'
import { Tensor } from './tensor.js'

type Gradients = readonly (Tensor | false | undefined)[]
type Backward = (dy: Tensor, needs: readonly boolean[], saved: never) => Gradients

let enabled = true
let created = 0

/** Whether ops are recorded on the tape now. */
export const isGradEnabled = (): boolean => enabled

function withGrad<T>(name: string, mode: boolean, fn: () => T): T {
  const before = enabled
  enabled = mode
  try {
    return refusePromise(name, fn())
  } finally {
    enabled = before
  }
}

/** Runs a synchronous function without recording a graph. */
export const noGrad = <T>(fn: () => Synchronous<T>): T => withGrad<T>('noGrad', false, fn)

/** Runs a synchronous function with recording, inside a `noGrad`. */
export const enableGrad = <T>(fn: () => Synchronous<T>): T => withGrad<T>('enableGrad', true, fn)

/**
 * The tape's record of one op. It holds a reference to each saved value, whatever becomes of the tensors the user sees.
 * Counted like memory: by the tensor it made and by the nodes that follow it.
 */
export class Node {
  /** Nodes are made in execution order, so descending ids are a reverse topological order. */
  readonly id = created++
  readonly needs: readonly boolean[]
  /** Where gradients go: to the node that made an input, or to a leaf. */
  readonly edges: readonly (Node | Tensor | undefined)[]
  /** The sum of the gradients that have arrived. */
  gradient: Tensor | undefined
  #references = 1
  #saved: readonly (Tensor | undefined)[]
  #versions: readonly number[]
  #backward: Backward | undefined

  constructor(
    readonly op: string,
    readonly layout: Layout,
    inputs: readonly (Tensor | undefined)[],
    saved: readonly (Tensor | undefined)[],
    backward: Backward,
  ) {
    this.edges = inputs.map((x) => (x?.requiresGrad ? (x.owner.node?.retain() ?? x) : undefined))
    this.needs = this.edges.map((edge) => edge !== undefined)
    this.#saved = saved.map((x) => x?.alias())
    this.#versions = saved.map((x) => x?.storage.version ?? 0)
    this.#backward = backward
  }

  run(dy: Tensor): Gradients {
    if (!this.#backward)
      throw new AutogradError(
        `backward: the graph through ${this.op} was already freed by an earlier backward(); ` +
          'pass { retainGraph: true } to that one to go through it twice',
      )
    this.#saved.forEach((x, i) => {
      if (x && x.storage.version !== this.#versions[i])
        throw new AutogradError(`backward: a tensor that ${this.op} had saved was changed in place since`)
    })
    return this.#backward(toLayout(dy, this.layout), this.needs, this.#saved as never)
  }

  /** After a pass: lets go of the saved values. Without any, another pass may come through. */
  spend(): void {
    if (this.#saved.length) this.free()
  }

  free(): void {
    for (const x of this.#saved) x?.dispose()
    this.#saved = []
    this.#backward = undefined
  }

  retain(): this {
    this.#references++
    return this
  }

  release(): void {
    // A loop, not a recursion: chains are as long as the longest unrolled network.
    const queue: Node[] = [this]
    for (let node = queue.pop(); node; node = queue.pop()) {
      if (--node.#references > 0) continue
      node.free()
      for (const edge of node.edges) if (edge instanceof Node) queue.push(edge)
    }
  }
}

/**
 * Notes on the tape how y was made, if gradients are on and an input wants one. Returns y.
 *
 * @param inputs the differentiable operands
 * @param saved the tensors that `backward` needs; it gets them back as its third argument and must not use others
 * @param backward from y's gradient (in y's layout), the gradients of the inputs that `needs` marks
 */
export function record<const S extends readonly (Tensor | undefined)[]>(
  op: string,
  y: Tensor,
  inputs: readonly (Tensor | undefined)[],
  saved: S,
  backward: (dy: Tensor, needs: readonly boolean[], saved: S) => Gradients,
): Tensor {
  if (!enabled || !inputs.some((x) => x?.requiresGrad)) return y
  y.owner.node = new Node(op, y.layout, inputs, saved, backward)
  return y
}

/** sum + dx, in place when nobody else sees sum. Consumes both. */
function add(sum: Tensor, dx: Tensor, inPlace = !sum.storage.shared): Tensor {
  const mine = inPlace ? sum : clone(sum)
  const term = toLayout(dx, mine.layout)
  kernels.accumulate(mine.size, term.handle, mine.handle)
  mine.storage.markModified()
  if (mine !== sum) sum.dispose()
  if (term !== dx) term.dispose()
  dx.dispose()
  return mine
}

function clone(x: Tensor): Tensor {
  const y = disown(allocLike('clone', x))
  kernels.cast(x.size, x.handle, y.handle)
  return y
}

/** Adds dx, which is consumed, to a leaf's .grad. */
function accumulate(leaf: Tensor, dx: Tensor): void {
  if (!leaf.requiresGrad)
    dx.dispose() // frozen since
  else if (leaf.grad) add(leaf.grad, dx, true)
  else leaf.grad = collectable(dx, leaf.layout)
}

/** dx, which is consumed, in a layout, with memory of its own and left to the garbage collector. */
function collectable(dx: Tensor, layout: Layout): Tensor {
  const laid = toLayout(dx, layout)
  if (laid !== dx) dx.dispose()
  const mine = laid.storage.shared ? clone(laid) : disown(laid)
  if (mine !== laid) laid.dispose()
  collectLater(mine, 'backward')
  return mine
}

function reachable(root: Node): Node[] {
  const seen = new Set<Node>([root])
  for (const node of seen) for (const edge of node.edges) if (edge instanceof Node) seen.add(edge)
  return [...seen].sort((a, b) => b.id - a.id)
}

/**
 * The gradients of `root`, weighted by `gradient` (ones for a scalar), accumulate in the `.grad` of every leaf that
 * requires one. Saved values are freed on the way, node by node.
 *
 * @throws {AutogradError} when there is no graph, or it was freed, or a saved tensor was changed in place
 * @throws {ShapeError} when `gradient` does not have root's shape, or is missing where root is no scalar
 * @throws {DTypeError} {@link DeviceError} when `gradient` is of another dtype or on another device than root
 */
export function backward(root: Tensor, gradient?: Tensor, options: { retainGraph?: boolean } = {}): void {
  checkTensor('backward', 'root', root)
  if (!root.requiresGrad)
    throw new AutogradError('backward: expected a tensor that requires a gradient, got one without a graph')
  if (!gradient && root.size !== 1)
    throw new ShapeError(`backward: expected a scalar or a gradient argument, got a tensor of ${showShape(root.shape)}`)
  if (gradient !== undefined) checkGradient('backward', root, gradient)
  const node = root.owner.node
  noGrad(() => {
    const seed = gradient ? gradient.alias() : disown(allocLike('backward', root))
    if (!gradient) kernels.fill(1, 1, seed.handle)
    if (node) withoutAutocast(() => propagate(node, seed, options.retainGraph === true))
    else new Scope().run(() => accumulate(root, seed))
  })
}

function propagate(root: Node, seed: Tensor, retain: boolean): void {
  root.gradient = seed
  const order = reachable(root)
  try {
    for (const node of order) {
      const dy = node.gradient
      if (!dy) continue
      node.gradient = undefined
      const scope = new Scope()
      let owned: (Tensor | false | undefined)[] = []
      try {
        const gradients = scope.run(() => node.run(dy))
        owned = node.edges.map((edge, i) => edge && gradients[i] && take(gradients[i], scope))
        node.edges.forEach((edge, i) => {
          const dx = owned[i]
          if (!edge || !dx) return
          if (!(edge instanceof Node)) scope.run(() => accumulate(edge, dx))
          else edge.gradient = edge.gradient ? scope.run(() => add(edge.gradient!, dx)) : dx
          owned[i] = undefined
        })
      } finally {
        for (const dx of owned) if (dx) dx.dispose()
        scope.dispose()
        dy.dispose()
      }
      if (!retain) node.spend()
    }
  } finally {
    for (const node of order) {
      node.gradient?.dispose()
      node.gradient = undefined
    }
  }
}

/** A gradient of one's own: what backward made, or another reference to what it handed on. */
function take(dx: Tensor, scope: Scope): Tensor {
  return dx.owner.scope === scope ? disown(dx) : dx.alias()
}
