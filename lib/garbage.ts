import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { native } from './native.js'
import type { Ownership } from './ownership.js'
import type { Tensor } from './tensor.js'

// Tensors made outside every scope are freed by the garbage collector. It sees only small objects, so their bytes are
// reported to V8, once per macrotask. V8 lets 64 MiB pile up before it acts on that; a loop over large tensors does not
// wait so long. Finalizers run between macrotasks only, so a synchronous loop that makes much is warned of.

const WARN_BYTES = 2 ** 30

/** Garbage that is not worth a collection (some milliseconds): half as much again is made in that time. */
const SLACK_BYTES = 2 ** 24

const registry = new FinalizationRegistry<Ownership>((owner) => owner.release())

/** Bytes of live tensors that only a collection can free. */
let collectable = 0
/** Those of them that were made since the last collection. */
let fresh = 0
let collections = 0
let madeThisTurn = 0
let unreported = 0
let scheduled = false
let collected = false
let warned = false

let collect = (): void => {
  setFlagsFromString('--expose-gc')
  collect = runInNewContext('gc') as () => void
  collect()
}

function report(): void {
  scheduled = false
  collected = false
  madeThisTurn = 0
  if (unreported !== 0) native.adjustExternalMemory(unreported)
  unreported = 0
  const survivors = collectable - fresh
  if (fresh <= survivors + SLACK_BYTES) return
  collect()
  collections++
  fresh = 0
  collected = true
}

/** Lets the event loop turn, and finalizers run if there was a collection: timers and sockets get theirs in between. */
export async function turn(): Promise<void> {
  await setImmediate()
  if (collected) await setImmediate()
}

function count(bytes: number): void {
  collectable += bytes
  unreported += bytes
  if (scheduled) return
  scheduled = true
  globalThis.setImmediate(report).unref()
}

/** The tensor is freed when nothing refers to it any more. */
export function collectLater(tensor: Tensor, op: string): void {
  registry.register(tensor, tensor.owner)
  hang(tensor, op)
}

/** The tensor's bytes hang on the garbage collector, since those of another tensor that is to free it do. */
export function hang(tensor: Tensor, op: string): void {
  const { owner } = tensor
  if (owner.collectable > 0) return
  owner.collectable = owner.storage.shared ? 0 : owner.storage.bytes // counted once, by its first tensor
  owner.collections = collections
  count(owner.collectable)
  madeThisTurn += owner.collectable
  fresh += owner.collectable
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
  if (owner.collections === collections) fresh -= owner.collectable
  owner.collectable = 0
}
