import { type optim, Tensor, tensor } from 'convcore'
import { fixture } from '../fixture.js'

type Values = Record<string, number[]>

interface Run {
  optimizer: string
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

export const runsOf = (optimizer: string): Run[] => runs.filter((run) => run.optimizer === optimizer)

type Steps = Pick<optim.SGD, 'step' | 'zeroGrad'>

/** Repeats a run; returns the largest difference from PyTorch's parameters after each step. */
export function follow(run: Run, make: (params: Tensor[], options: object) => Steps): number[] {
  const double = (name: string, values: Values): Tensor =>
    tensor(Float64Array.from(values[name]!), { shape: shapes[name]! })
  const params = new Map(Object.keys(shapes).map((name) => [name, double(name, start)]))
  for (const p of params.values()) p.requiresGrad = true
  const optimizer = make([...params.values()], run.options)
  return run.steps.map((expected, step) => {
    for (const [name, p] of params) if (name !== 'bias' || step >= run.biasFrom) p.grad = double(name, gradients[step]!)
    optimizer.step()
    optimizer.zeroGrad()
    const errors = [...params].flatMap(([name, p]) =>
      Array.from(p.dataSync(), (value, i) => Math.abs(value - expected[name]![i]!)),
    )
    return Math.max(...errors)
  })
}
