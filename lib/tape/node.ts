import { AutogradError } from '../errors.js'
import type { Hooks } from '../hooks.js'
import { toLayout } from '../layout.js'
import type { Layout } from '../shape.js'
import type { Tensor } from '../tensor.js'
import type { GradientHook } from './hooks.js'

/** One for each input; absent where none is needed. */
export type Gradients = readonly (Tensor | false | undefined)[]
type Backward = (dy: Tensor, needs: readonly boolean[], saved: never) => Gradients

/** Where gradients go: to the node that made an input, or to a leaf. */
export type Edge = Node | Tensor | undefined

let created = 0

const NONE: readonly never[] = []

/**
 * The tape's record of one op. It holds a reference to each saved value, whatever becomes of the tensors the user sees.
 * Counted like memory: by the tensor it made and by the nodes that follow it.
 */
export class Node {
  /** Nodes are made in execution order, so descending ids are a reverse topological order. */
  readonly id = created++
  readonly needs: readonly boolean[]
  readonly edges: readonly Edge[]
  /** The engine's last search that came here. */
  search = 0
  /** The sum of the gradients that have arrived. */
  gradient: Tensor | undefined
  /** Called with the gradient of the op's result before it goes on. */
  hooks: Hooks<GradientHook> | undefined
  /** The op's result, if its gradient is to be kept. Weakly: the collector finds tensors by what their nodes do not hold. */
  retaining: WeakRef<Tensor> | undefined
  /** Where the op was called, in anomaly mode. */
  origin: Error | undefined
  #references = 1
  #saved: readonly (Tensor | undefined)[] = NONE
  #versions: readonly number[] = NONE
  #backward: Backward | undefined

  constructor(
    readonly op: string,
    readonly layout: Layout,
    inputs: readonly (Tensor | undefined)[],
    saved: readonly (Tensor | undefined)[],
    backward: Backward,
  ) {
    const edges = new Array<Edge>(inputs.length)
    const needs = new Array<boolean>(inputs.length)
    for (let i = 0; i < inputs.length; i++) {
      const x = inputs[i]
      edges[i] = x?.requiresGrad ? (x.owner.node?.retain() ?? x) : undefined
      needs[i] = edges[i] !== undefined
    }
    this.edges = edges
    this.needs = needs
    if (saved.length > 0) {
      this.#saved = saved.map((x) => x?.alias())
      this.#versions = saved.map((x) => x?.storage.version ?? 0)
    }
    this.#backward = backward
  }

  /** The gradients of the inputs that `needs` marks. */
  run(dy: Tensor, needs: readonly boolean[]): Gradients {
    if (!this.#backward)
      throw new AutogradError(
        `backward: the graph through ${this.op} was already freed by an earlier backward(); ` +
          'pass { retainGraph: true } to that one to go through it twice',
      )
    for (let i = 0; i < this.#saved.length; i++) {
      const x = this.#saved[i]
      if (x && x.storage.version !== this.#versions[i])
        throw new AutogradError(`backward: a tensor that ${this.op} had saved was changed in place since`)
    }
    return this.#backward(toLayout(dy, this.layout), needs, this.#saved as never)
  }

  /** After a pass: lets go of the saved values. Without any, another pass may come through. */
  spend(): void {
    if (this.#saved.length) this.free()
  }

  free(): void {
    for (let i = 0; i < this.#saved.length; i++) this.#saved[i]?.dispose()
    this.#saved = NONE
    this.#backward = undefined
  }

  retain(): this {
    this.#references++
    return this
  }

  release(): void {
    if (--this.#references > 0) return
    // A loop, not a recursion: chains are as long as the longest unrolled network.
    let queue: Node[] | undefined
    for (let node: Node | undefined = this; node; node = queue?.pop()) {
      node.free()
      const { edges }: Node = node
      for (let i = 0; i < edges.length; i++) {
        const edge = edges[i]
        if (edge instanceof Node && --edge.#references === 0) (queue ??= []).push(edge)
      }
    }
  }
}
