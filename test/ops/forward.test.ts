import { scope } from 'convcore'
import t from 'tap'
import { type Case, inputValues } from './case.js'
import { difference, toleranceOf } from './close.js'
import { families } from './families.js'
import { onEveryIsa } from './isa.js'
import { fill, type Float, placements } from './place.js'

/** Runs a case in both float types, from inputs of every layout and alignment; returns what differs from its reference. */
function compare(test: Case): string[] {
  const values = inputValues(test)
  const want = test.reference(...values)
  const fixed = test.inputs.every(({ dtype }) => dtype)
  return (fixed ? (['float32'] as const) : (['float32', 'float64'] as const)).flatMap((dtype) =>
    placements.flatMap((placement) =>
      scope(() => {
        const y = test.op(...fill(test, values, { dtype, placement }))
        const found = difference(y, want, test.tolerance?.[y.dtype as Float] ?? toleranceOf(y.dtype))
        return found ? `${dtype}, ${placement}: ${found}` : []
      }),
    ),
  )
}

for (const [family, { cases }] of Object.entries(families)) {
  t.test(family, (t) => {
    for (const test of cases) t.same(compare(test), [], test.name)
    t.end()
  })
}

onEveryIsa(import.meta.filename)
