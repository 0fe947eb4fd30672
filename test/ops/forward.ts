import { scope } from 'convcore'
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { type Case, generator, valuesOf } from './case.js'
import { difference, toleranceOf } from './close.js'
import { families } from './families.js'
import { fill, type Float, type Placement, placements } from './place.js'

/** Runs a case against its reference; returns what differs. */
function compare(test: Case, dtype: Float, placement: Placement): string | undefined {
  return scope(() => {
    const random = generator(test.name)
    const values = test.inputs.map((input) => valuesOf(input, random))
    const [inputs, exact] = fill(test, values, { dtype, placement })
    const y = test.op(...inputs)
    return difference(y, test.reference(...exact), test.tolerance?.[y.dtype as Float] ?? toleranceOf(y.dtype))
  })
}

// Every case in both float types, from inputs of every layout and alignment.
for (const [family, { cases }] of Object.entries(families)) {
  void t.test(family, (t) => {
    for (const test of cases) {
      const differences = (['float32', 'float64'] as const).flatMap((dtype) =>
        placements.flatMap((placement) => {
          const found = compare(test, dtype, placement)
          return found ? `${dtype}, ${placement}: ${found}` : []
        }),
      )
      t.same(differences, [], test.name)
    }
    t.end()
  })
}

// The same on the other instruction sets, each in a process of its own.
for (const isa of process.env.CONVCORE_ISA ? [] : ['generic', 'avx2']) {
  const env = { ...process.env, CONVCORE_ISA: isa }
  const tried = spawnSync(process.execPath, ['-e', "import('convcore')"], { env, encoding: 'utf8' })
  if (tried.stderr.includes('CONVCORE_ISA')) t.pass(isa, { skip: 'this processor lacks it' })
  else void t.spawn(process.execPath, [import.meta.filename], { env }, isa)
}
