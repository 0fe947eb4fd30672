import { native } from './native.js'
import type { Ownership } from './ownership.js'
import type { Tensor } from './tensor.js'

// Tensors made outside every scope are freed by the garbage collector. It sees only small objects, so their bytes are
// reported to V8, once per macrotask; and it runs finalizers between macrotasks only, so a synchronous loop that makes
// much is warned of.

const WARN_BYTES = 2 ** 30

const registry = new FinalizationRegistry<Ownership>((owner) => owner.release())

let unreported = 0
let madeThisTurn = 0
let scheduled = false
let warned = false

function report(): void {
  scheduled = false
  madeThisTurn = 0
  if (unreported !== 0) native.adjustExternalMemory(unreported)
  unreported = 0
}

function count(bytes: number): void {
  unreported += bytes
  if (scheduled) return
  scheduled = true
  setImmediate(report).unref()
}

/** The tensor is freed when nothing refers to it any more. */
export function collectLater(tensor: Tensor, op: string): void {
  const { owner } = tensor
  owner.collectable = owner.storage.bytes
  registry.register(tensor, owner)
  count(owner.collectable)
  madeThisTurn += owner.collectable
  if (madeThisTurn > WARN_BYTES && !warned) {
    warned = true
    process.emitWarning(
      `${op}: more than 1 GiB of tensors were made outside any scope in one synchronous stretch; they can only be ` +
        'freed after an await. Wrap the loop body in scope(() => …).',
      { type: 'MemoryWarning', code: 'CONVCORE_UNSCOPED' },
    )
  }
}

/** The tensor's bytes hang on the garbage collector no longer. */
export function forget(owner: Ownership): void {
  if (owner.collectable === 0) return
  count(-owner.collectable)
  madeThisTurn -= owner.collectable
  owner.collectable = 0
}
