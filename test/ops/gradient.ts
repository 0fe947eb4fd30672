import { add, gradcheck, mul, scope, sum, tensor, type Tensor } from 'convcore'
import t from 'tap'
import type { Dense } from '../reference/array.js'
import { volume } from '../reference/array.js'
import { type Case, generator, valuesOf, weightsFor } from './case.js'
import { difference } from './close.js'
import { families } from './families.js'
import { fill, type Float, type Placement, placements } from './place.js'

/** More elements than this are not changed one by one, but together, along this many random directions. */
const FEW = 300
const DIRECTIONS = 4

const dense = ({ shape, data }: Dense, options: { requiresGrad?: boolean } = {}): Tensor =>
  tensor(data, { shape, ...options })

function prepare(test: Case, dtype: Float, placement: Placement) {
  const random = generator(test.name)
  const values = test.inputs.map((input) => valuesOf(input, random))
  const [inputs, exact] = fill(test, values, { dtype, placement })
  return { inputs, exact, random }
}

/** Central differences in float64. */
function check(test: Case, placement: Placement): void {
  scope(() => {
    const { inputs, random } = prepare(test, 'float64', placement)
    const leaves = test.differentiable!.map((i) => inputs[i]!)
    if (leaves.every(({ shape }) => volume(shape) <= FEW)) {
      for (const x of leaves) x.requiresGrad = true
      return void gradcheck(test.op, inputs)
    }
    const directions = leaves.map(({ shape }) =>
      Array.from({ length: DIRECTIONS }, () => dense(weightsFor(shape, random))),
    )
    const steps = directions.flatMap((each) => each.map(() => tensor(0, { dtype: 'float64', requiresGrad: true })))
    gradcheck((...steps) => {
      const moved = [...inputs]
      for (const [at, i] of test.differentiable!.entries())
        for (const [d, direction] of directions[at]!.entries())
          moved[i] = add(moved[i]!, mul(direction, steps[at * DIRECTIONS + d]!))
      return test.op(...moved)
    }, steps)
  })
}

/** The gradients of a weighted sum of a case's result. */
function gradients(test: Case, dtype: Float, placement: Placement): Tensor[] {
  const { inputs, exact, random } = prepare(test, dtype, placement)
  const leaves = test.differentiable!.map((i) => inputs[i]!)
  for (const x of leaves) x.requiresGrad = true
  const { shape, data } = weightsFor(test.reference(...exact).shape, random)
  sum(mul(test.op(...inputs), tensor(data, { shape, dtype }))).backward()
  return leaves.map((x) => x.grad!)
}

for (const [family, { cases }] of Object.entries(families)) {
  const smooth = cases.filter(({ differentiable }) => differentiable)
  void t.test(`${family}: central differences`, (t) => {
    for (const test of smooth)
      for (const placement of ['rows', 'channels last'] as const)
        t.doesNotThrow(() => check(test, placement), `${test.name} (${placement})`)
    t.end()
  })

  // The float32 kernels are others than those of float64.
  void t.test(`${family}: float32 as float64`, (t) => {
    for (const test of smooth.filter(({ inputs }) => inputs.every(({ dtype }) => dtype !== 'float64')))
      for (const placement of placements)
        scope(() => {
          const exact = gradients(test, 'float64', 'rows').map((dx) => ({
            shape: dx.shape,
            data: dx.dataSync() as Float64Array,
          }))
          for (const [i, dx] of gradients(test, 'float32', placement).entries())
            t.equal(difference(dx, exact[i]!, 1e-5), undefined, `${test.name}, input ${i} (${placement})`)
        })
    t.end()
  })
}
