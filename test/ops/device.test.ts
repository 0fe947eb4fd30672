import { cuda, type Device, scope, type Tensor } from 'convcore'
import t, { type Test } from 'tap'
import { type Case, inputValues, opOf } from './case.js'
import { difference, toleranceOf } from './close.js'
import { gradients } from './differentiate.js'
import { families } from './families.js'
import { fill, type Float, placements } from './place.js'

/** A case's inputs on one device, all alike otherwise. */
const inputsOn = (test: Case, device: Device): Tensor[] => fill(test, inputValues(test), { dtype: 'float32', device })

const bits = (y: Tensor): Buffer => Buffer.from(y.dataSync().buffer)
const dense = (y: Tensor) => ({ shape: y.shape, data: y.dataSync() as Float64Array })

function refusesMixed(t: Test, cases: readonly Case[], first: Device, second: Device): void {
  const firstOf = new Map([...cases].reverse().map((test) => [opOf(test), test]))
  for (const [op, test] of firstOf)
    for (let i = 1; i < test.inputs.length; i++)
      scope(() => {
        const inputs = inputsOn(test, first).with(i, inputsOn(test, second)[i]!)
        const message = new RegExp(`${op}.*(${first}.*${second}|${second}.*${first})`)
        t.throws(() => test.op(...inputs), { name: 'DeviceError', code: 'ERR_DEVICE', message }, `${op}, input ${i}`)
      })
}

for (const [family, { cases }] of Object.entries(families)) {
  t.test(`${family} gives the same bits on every CPU device`, (t) => {
    for (const test of cases)
      scope(() => {
        const y = test.op(...inputsOn(test, 'cpu:1'))
        t.equal(y.device, 'cpu:1', test.name)
        t.ok(bits(y).equals(bits(test.op(...inputsOn(test, 'cpu:0')))), test.name)
      })
    t.end()
  })

  t.test(`${family} refuses two CPU devices`, (t) => {
    refusesMixed(t, cases, 'cpu:0', 'cpu:1')
    t.end()
  })
}

/** What differs between a case on CUDA and on the CPU, forward and backward. */
function compare(test: Case): string[] {
  const floats: Float[] = test.inputs.every(({ dtype }) => dtype) ? ['float32'] : ['float32', 'float64']
  return floats.flatMap((dtype) =>
    placements.flatMap((placement) =>
      scope(() => {
        const on = (device: Device) => test.op(...fill(test, inputValues(test), { dtype, placement, device }))
        const y = on('cuda:0')
        const limit = test.tolerance?.[y.dtype as Float] ?? toleranceOf(y.dtype)
        const found = y.device === 'cuda:0' ? difference(y, dense(on('cpu:0')), limit) : `result on ${y.device}`
        const backward = test.differentiable
          ? gradients(test, dtype, placement, 'cuda:0').map((dx, i) => {
              const want = gradients(test, dtype, placement, 'cpu:0')[i]!
              return difference(dx, dense(want), toleranceOf(dx.dtype))
            })
          : []
        return [found, ...backward]
          .filter((each) => each !== undefined)
          .map((each) => `${dtype}, ${placement}: ${each}`)
      }),
    ),
  )
}

const skip = cuda.isAvailable() ? undefined : 'no CUDA device here'
for (const [family, { cases }] of Object.entries(families)) {
  t.test(`${family} on CUDA as on the CPU`, { skip }, (t) => {
    for (const test of cases) t.same(compare(test), [], test.name)
    t.end()
  })

  t.test(`${family} refuses CUDA and CPU together`, { skip }, (t) => {
    refusesMixed(t, cases, 'cpu:0', 'cuda:0')
    t.end()
  })
}

t.test('random numbers are the same bits on CUDA as on the CPU', { skip }, (t) => {
  for (const test of families.random!.cases)
    scope(() => {
      const [there, here] = (['cuda:0', 'cpu:0'] as const).map((device) => bits(test.op(...inputsOn(test, device))))
      t.ok(there!.equals(here!), test.name)
    })
  t.end()
})
