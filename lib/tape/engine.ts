import { withoutAutocast } from '../autocast.js'
import { Scope } from '../scope.js'
import type { Tensor } from '../tensor.js'
import { accumulate, add, take } from './accumulate.js'
import { checkBackward, isAnomalyDetected, unwatched } from './anomaly.js'
import { applyHooks } from './hooks.js'
import { noGrad } from './mode.js'
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
  noGrad(() => withoutAutocast(() => run(seeds, pass)))
}

function run(seeds: readonly Seed[], { retainGraph, deliver = accumulate, wanted, capture }: Pass): void {
  /** Gradients of leaves whose hooks want to see the whole. */
  let hooked: Map<Tensor, Tensor> | undefined
  const arrive = (at: Node | Tensor, dx: Tensor): void => {
    if (at instanceof Node) at.gradient = at.gradient ? add(at.gradient, dx) : dx
    else if (!at.hooks?.size) deliver(at, dx)
    else {
      hooked ??= new Map()
      hooked.set(at, hooked.has(at) ? add(hooked.get(at)!, dx) : dx)
    }
  }
  const order = reachable(seeds)
  const leading = wanted && leadingTo(wanted, order)
  const scope = new Scope()
  try {
    for (const [at, gradient] of seeds) scope.run(() => arrive(at, gradient))
    for (const node of order) {
      if (!node.gradient) continue
      try {
        if (node.hooks?.size) node.gradient = applied(node.hooks, node.gradient, scope)
        const y = node.retaining?.deref()
        if (y && !y.disposed) scope.run(() => accumulate(y, node.gradient!.alias()))
        if (wanted?.has(node)) capture?.(node, node.gradient)
        const needs = leading ? node.edges.map((edge) => edge !== undefined && leading.has(edge)) : node.needs
        if (leading && !needs.includes(true)) continue
        passOn(node, needs, scope, arrive)
        if (!retainGraph) node.spend()
      } finally {
        scope.dispose()
        node.gradient.dispose()
        node.gradient = undefined
      }
    }
    if (hooked) deliverHooked(hooked, scope, deliver)
  } finally {
    scope.dispose()
    for (const node of order) {
      node.gradient?.dispose()
      node.gradient = undefined
    }
    if (hooked) for (const gradient of hooked.values()) gradient.dispose()
  }
}

function deliverHooked(hooked: Map<Tensor, Tensor>, scope: Scope, deliver: (leaf: Tensor, dx: Tensor) => void): void {
  for (const [leaf, gradient] of hooked) {
    const dx = leaf.hooks ? applied(leaf.hooks, gradient, scope) : gradient
    hooked.delete(leaf)
    scope.run(() => deliver(leaf, dx))
    scope.dispose()
  }
}

/** Runs a node's backward and hands what it gives to the node's edges. */
function passOn(
  node: Node,
  needs: readonly boolean[],
  scope: Scope,
  arrive: (at: Node | Tensor, dx: Tensor) => void,
): void {
  const dy = node.gradient!
  const watched = isAnomalyDetected()
  scope.run(() => {
    const gradients = watched ? unwatched(() => node.run(dy, needs)) : node.run(dy, needs)
    if (watched) checkBackward(node, dy, gradients)
    const owned: (Tensor | undefined)[] = []
    for (let i = 0; i < gradients.length; i++) {
      const dx = gradients[i]
      owned.push(dx && needs[i] ? take(dx, scope) : undefined)
    }
    try {
      for (let i = 0; i < owned.length; i++) {
        const dx = owned[i]
        owned[i] = undefined
        if (dx) arrive(node.edges[i]!, dx)
      }
    } finally {
      for (let i = 0; i < owned.length; i++) owned[i]?.dispose()
    }
  })
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

/** The nodes that gradients may pass, each before those that its operands came from. */
function reachable(seeds: readonly Seed[]): Node[] {
  const search = ++searches
  const found: Node[] = []
  const visit = (at: Edge): void => {
    if (!(at instanceof Node) || at.search === search) return
    at.search = search
    found.push(at)
  }
  for (const [at] of seeds) visit(at)
  for (let i = 0; i < found.length; i++) for (const edge of found[i]!.edges) visit(edge)
  return found.length > 1 ? found.sort((a, b) => b.id - a.id) : found
}

/** What is wanted, and the nodes through which gradients get there. */
function leadingTo(wanted: ReadonlySet<Node | Tensor>, order: readonly Node[]): ReadonlySet<Node | Tensor> {
  const leading = new Set(wanted)
  for (const node of order.toReversed()) if (node.edges.some((edge) => edge && leading.has(edge))) leading.add(node)
  return leading
}
