import { enterRegion } from '../autocast.js'
import { leave, Scope } from '../scope.js'
import type { Tensor } from '../tensor.js'
import { accumulate, add, take } from './accumulate.js'
import { checkBackward, isAnomalyDetected, unwatched } from './anomaly.js'
import { applyHooks } from './hooks.js'
import { setGradEnabled } from './mode.js'
import { type Edge, Node } from './node.js'

/** Where a pass starts, and the gradient there, which the pass consumes. */
export type Seed = readonly [at: Node | Tensor, gradient: Tensor]

export interface Pass {
  /** Whether saved values stay for another pass. */
  readonly retainGraph: boolean
  /** Takes a leaf's gradient, or a part of it, and consumes it. Default: accumulates it in `.grad`. */
  readonly deliver?: (leaf: Tensor, dx: Tensor) => void
  /** Where gradients are wanted; default: in all leaves. Only what leads there runs. */
  readonly wanted?: ReadonlySet<Node | Tensor>
  /** Sees the gradient of a wanted node's result, and may keep another reference to it. */
  readonly capture?: (node: Node, dy: Tensor) => void
}

/** Sends gradients down the tape, off the tape itself. Saved values are freed on the way, node by node. */
export function propagate(seeds: readonly Seed[], pass: Pass): void {
  const tracking = setGradEnabled(false)
  const region = enterRegion(undefined)
  try {
    new Propagation(pass).run(seeds)
  } finally {
    enterRegion(region)
    setGradEnabled(tracking)
  }
}

/** One pass. Its methods are TypeScript's private: V8 marks each instance of a class that has `#` methods, which takes time. */
class Propagation {
  /** Of what is made on the way, until it is handed on. */
  private readonly scope = new Scope()
  /** Gradients of leaves whose hooks want to see the whole. */
  private hooked: Map<Tensor, Tensor> | undefined

  constructor(private readonly pass: Pass) {}

  run(seeds: readonly Seed[]): void {
    const { wanted } = this.pass
    const order = reachable(seeds)
    const leading = wanted && leadingTo(wanted, order)
    const outer = this.scope.enter()
    try {
      for (let i = 0; i < seeds.length; i++) this.arrive(seeds[i]![0], seeds[i]![1])
      for (let i = 0; i < order.length; i++) if (order[i]!.gradient) this.visit(order[i]!, leading)
      if (this.hooked) this.deliverHooked(this.hooked)
    } finally {
      leave(outer)
      this.scope.dispose()
      for (let i = 0; i < order.length; i++) discard(order[i]!)
      if (this.hooked) for (const gradient of this.hooked.values()) gradient.dispose()
    }
  }

  private arrive(at: Node | Tensor, dx: Tensor): void {
    if (at instanceof Node) at.gradient = at.gradient ? add(at.gradient, dx) : dx
    else if (!at.hooks?.size) this.deliver(at, dx)
    else {
      this.hooked ??= new Map()
      const sum = this.hooked.get(at)
      this.hooked.set(at, sum ? add(sum, dx) : dx)
    }
  }

  private deliver(leaf: Tensor, dx: Tensor): void {
    const { deliver } = this.pass
    if (deliver) deliver(leaf, dx)
    else accumulate(leaf, dx)
  }

  private deliverHooked(hooked: Map<Tensor, Tensor>): void {
    for (const [leaf, gradient] of hooked) {
      const dx = leaf.hooks ? applied(leaf.hooks, gradient, this.scope) : gradient
      hooked.delete(leaf)
      this.deliver(leaf, dx)
      this.scope.dispose()
    }
  }

  private visit(node: Node, leading: ReadonlySet<Node | Tensor> | undefined): void {
    const { wanted, capture, retainGraph } = this.pass
    try {
      if (node.hooks?.size) node.gradient = applied(node.hooks, node.gradient!, this.scope)
      const y = node.retaining?.deref()
      if (y && !y.disposed) accumulate(y, node.gradient!.alias())
      if (wanted?.has(node)) capture?.(node, node.gradient!)
      const needs = leading ? node.edges.map((edge) => edge !== undefined && leading.has(edge)) : node.needs
      if (leading && !needs.includes(true)) return
      this.passOn(node, needs)
      if (!retainGraph) node.spend()
    } finally {
      this.scope.dispose()
      discard(node)
    }
  }

  /** Runs a node's backward and hands what it gives to the node's edges. */
  private passOn(node: Node, needs: readonly boolean[]): void {
    const dy = node.gradient!
    const watched = isAnomalyDetected()
    const gradients = watched ? unwatched(() => node.run(dy, needs)) : node.run(dy, needs)
    if (watched) checkBackward(node, dy, gradients)
    const owned = new Array<Tensor | undefined>(gradients.length)
    for (let i = 0; i < gradients.length; i++) {
      const dx = gradients[i]
      if (!dx || !needs[i]) continue
      if (dx === node.gradient) {
        owned[i] = dx
        node.gradient = undefined
      } else owned[i] = take(dx, this.scope)
    }
    try {
      for (let i = 0; i < owned.length; i++) {
        const dx = owned[i]
        owned[i] = undefined
        if (dx) this.arrive(node.edges[i]!, dx)
      }
    } finally {
      for (let i = 0; i < owned.length; i++) owned[i]?.dispose()
    }
  }
}

/** Lets go of a gradient that was not handed on. */
function discard(node: Node): void {
  node.gradient?.dispose()
  node.gradient = undefined
}

/** What hooks make of a gradient, which is consumed if they make another. */
function applied(hooks: NonNullable<Node['hooks']>, gradient: Tensor, scope: Scope): Tensor {
  // The hooks see another reference, which belongs to the scope, so that keep() works on it.
  const mine = take(
    scope.run(() => applyHooks(hooks, gradient.detach())),
    scope,
  )
  gradient.dispose()
  return mine
}

let searches = 0

function find(at: Edge, search: number, found: Node[]): void {
  if (!(at instanceof Node) || at.search === search) return
  at.search = search
  found.push(at)
}

/** The nodes that gradients may pass, each before those that its operands came from. */
function reachable(seeds: readonly Seed[]): Node[] {
  const search = ++searches
  const found: Node[] = []
  for (let i = 0; i < seeds.length; i++) find(seeds[i]![0], search, found)
  for (let i = 0; i < found.length; i++) {
    const { edges } = found[i]!
    for (let j = 0; j < edges.length; j++) find(edges[j], search, found)
  }
  return found.length > 1 ? found.sort((a, b) => b.id - a.id) : found
}

/** What is wanted, and the nodes through which gradients get there. */
function leadingTo(wanted: ReadonlySet<Node | Tensor>, order: readonly Node[]): ReadonlySet<Node | Tensor> {
  const leading = new Set(wanted)
  for (const node of order.toReversed()) if (node.edges.some((edge) => edge && leading.has(edge))) leading.add(node)
  return leading
}
