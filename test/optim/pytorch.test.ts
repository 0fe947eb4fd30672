import t from 'tap'
import { memory, optim, type Tensor, tensor } from 'convcore'
import { fixture } from '../fixture.js'
import { makers, type OptimizerName } from './makers.js'

type Values = Record<string, number[]>

interface Run {
  optimizer: OptimizerName
  options: Record<string, unknown>
  /** The bias has no gradient before this step. */
  biasFrom: number
  /** The parameters after each step. */
  steps: Values[]
}

interface Recorded {
  shapes: Values
  start: Values
  gradients: Values[]
  runs: Run[]
}

const { shapes, start, gradients, runs } = await fixture<Recorded>('optim')

/** Repeats a run; returns the largest difference from PyTorch's parameters after each step. */
function follow({ optimizer: name, options, biasFrom, steps }: Run, dtype: 'float32' | 'float64'): number[] {
  const make = (key: string, values: Values): Tensor => tensor(values[key]!, { shape: shapes[key]!, dtype })
  const params = new Map(Object.keys(shapes).map((key) => [key, make(key, start)]))
  for (const p of params.values()) p.requiresGrad = true
  const optimizer = makers[name](params.values(), options)
  return steps.map((expected, step) => {
    for (const [key, p] of params) if (key !== 'bias' || step >= biasFrom) p.grad = make(key, gradients[step]!)
    optimizer.step()
    optimizer.zeroGrad()
    const errors = [...params].flatMap(([key, p]) =>
      Array.from(p.dataSync(), (value, i) => Math.abs(value - expected[key]![i]!)),
    )
    return Math.max(...errors)
  })
}

for (const run of runs)
  t.test(`L5.3: ${run.optimizer} with ${JSON.stringify(run.options)}, bias from step ${run.biasFrom}`, async (t) => {
    for (const [dtype, limit] of [
      ['float64', 1e-12],
      ['float32', 1e-4],
    ] as const) {
      const errors = follow(run, dtype)
      t.equal(errors.length, 20)
      t.ok(Math.max(...errors) < limit, `${dtype} follows PyTorch for 20 steps, largest error ${Math.max(...errors)}`)
    }
  })

t.test('every optimizer is compared', async (t) => {
  const compared = new Set(runs.map((run) => run.optimizer))
  t.same([...compared].sort(), Object.keys(makers).sort())
  t.same(
    Object.keys(optim)
      .filter((name) => Object.hasOwn(makers, name))
      .sort(),
    Object.keys(makers).sort(),
  )
})

t.test('a step makes nothing that outlives it but the first states', async (t) => {
  for (const [name, make] of Object.entries(makers)) {
    const p = tensor([1, 2], { requiresGrad: true })
    const optimizer = make([p], {})
    const step = () => {
      p.grad = tensor([1, -1])
      optimizer.step()
      optimizer.zeroGrad()
    }
    step()
    const before = memory().tensors
    step()
    t.equal(memory().tensors, before, name)
  }
})
