import { scope } from 'convcore'
import t from 'tap'
import { type Case, generator, valuesOf } from './case.js'
import { difference, toleranceOf } from './close.js'
import { families } from './families.js'
import { onEveryIsa } from './isa.js'
import { fill, type Float, placements, rounded } from './place.js'

/** Runs a case in one float type, from inputs of every layout and alignment; returns what differs from its reference. */
function compare(test: Case, dtype: Float): string[] {
  const random = generator(test.name)
  const values = test.inputs.map((input) => valuesOf(input, random))
  const exact = rounded(test, values, dtype)
  const want = test.reference(...exact)
  return placements.flatMap((placement) =>
    scope(() => {
      const y = test.op(...fill(test, exact, { dtype, placement }))
      const found = difference(y, want, test.tolerance?.[y.dtype as Float] ?? toleranceOf(y.dtype))
      return found ? `${dtype}, ${placement}: ${found}` : []
    }),
  )
}

for (const [family, { cases }] of Object.entries(families)) {
  void t.test(family, (t) => {
    for (const test of cases) t.same([...compare(test, 'float32'), ...compare(test, 'float64')], [], test.name)
    t.end()
  })
}

onEveryIsa(import.meta.filename)
