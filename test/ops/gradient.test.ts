import { add, gradcheck, mul, scope, tensor, type Tensor } from 'convcore'
import t from 'tap'
import { type Dense, volume } from '../reference/array.js'
import { type Case, weightsFor } from './case.js'
import { difference, toleranceOf } from './close.js'
import { gradients, prepare } from './differentiate.js'
import { families } from './families.js'
import { onEveryIsa } from './isa.js'
import { type Placement, placements } from './place.js'

/** More elements than this are not changed one by one, but together, along a few random directions. */
const FEW = 64
const MANY = 5000

const dense = ({ shape, data }: Dense): Tensor => tensor(data, { shape })

/** Compares a case's gradients with central differences, in float64; returns what differs. */
function check(test: Case, placement: Placement): string[] {
  try {
    differentiate(test, placement)
    return []
  } catch (error) {
    return [`${placement}: ${error}`]
  }
}

function differentiate(test: Case, placement: Placement): void {
  scope(() => {
    const { inputs, leaves, random } = prepare(test, 'float64', placement)
    if (leaves.every(({ shape }) => volume(shape) <= FEW)) {
      for (const x of leaves) x.requiresGrad = true
      return void gradcheck(test.op, inputs)
    }
    const directions = leaves.flatMap(({ shape }, leaf) =>
      Array.from({ length: volume(shape) > MANY ? 1 : 4 }, () => ({ leaf, step: dense(weightsFor(shape, random)) })),
    )
    const lengths = directions.map(() => tensor(0, { dtype: 'float64', requiresGrad: true }))
    gradcheck((...lengths) => {
      const moved = [...inputs]
      for (const [d, { leaf, step }] of directions.entries()) {
        const i = test.differentiable![leaf]!
        moved[i] = add(moved[i]!, mul(step, lengths[d]!))
      }
      return test.op(...moved)
    }, lengths)
  })
}

/** What differs between the gradients in float32, whose kernels are others, and in float64. */
function compare(test: Case): string[] {
  return scope(() => {
    const exact = gradients(test, 'float64', 'rows').map((dx) => ({
      shape: dx.shape,
      data: dx.dataSync() as Float64Array,
    }))
    return placements.flatMap((placement) =>
      gradients(test, 'float32', placement).flatMap((dx, i) => {
        const found = difference(dx, exact[i]!, toleranceOf('float32'))
        return found ? `${placement}, input ${test.differentiable![i]}: ${found}` : []
      }),
    )
  })
}

for (const [family, { cases }] of Object.entries(families)) {
  const smooth = cases.filter(({ differentiable }) => differentiable)
  // The formulas are the same on every instruction set.
  if (!process.env.CONVCORE_ISA)
    t.test(`${family}: central differences`, (t) => {
      for (const test of smooth) t.same([...check(test, 'rows'), ...check(test, 'channels last')], [], test.name)
      t.end()
    })

  t.test(`${family}: float32 as float64`, (t) => {
    for (const test of smooth.filter(({ inputs }) => inputs.every(({ dtype }) => dtype !== 'float64')))
      t.same(compare(test), [], test.name)
    t.end()
  })
}

onEveryIsa(import.meta.filename)
