import { memory, type Tensor } from 'convcore'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { type Case, inputValues, opOf } from './case.js'
import { families } from './families.js'
import { fill } from './place.js'
import { collect } from '../garbage.js'

/** Collects garbage until something holds; finalizers run between macrotasks. */
async function comesTo(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 10; i++) {
    await setImmediate()
    collect()
    await setImmediate()
    if (holds()) return
  }
}

/** A result behind the op's, whose tape therefore stays, and the tensors before it, which should not. */
function run(test: Case, backward: boolean): { last: Tensor; before: WeakRef<Tensor>[] } {
  const leaves = fill(test, inputValues(test))
  for (const i of test.differentiable ?? []) leaves[i]!.requiresGrad = true
  const inputs = leaves.map((x) => x.clone())
  const y = test.op(...inputs)
  const last = y.clone()
  if (backward && last.requiresGrad) last.backward(last.detach())
  return { last, before: [...inputs, y].map((x) => new WeakRef(x)) }
}

for (const [family, { cases }] of Object.entries(families)) {
  const first = new Map([...cases].reverse().map((test) => [opOf(test), test]))
  t.test(`${family}: without a scope, garbage collection frees what an op made and was given`, async (t) => {
    const { tensors } = memory()
    for (const backward of [false, true]) {
      const runs = [...first].map(([op, test]) => ({ op, ...run(test, backward) }))
      const isHeld = ({ before }: (typeof runs)[number]) => before.some((x) => x.deref())
      await comesTo(() => !runs.some(isHeld))
      t.same(
        runs.filter(isHeld).map(({ op }) => op),
        [],
        'no tape holds the tensors themselves',
      )
      runs.length = 0
      await comesTo(() => memory().tensors === tensors)
      t.equal(memory().tensors, tensors, 'nothing is left')
    }
  })
}
