import { scope, type Tensor } from 'convcore'
import t from 'tap'
import { type Case, inputValues, opOf } from './case.js'
import { families } from './families.js'
import { fill } from './place.js'

/** A case's inputs on one device, all alike otherwise. */
const inputsOn = (test: Case, device: 'cpu:0' | 'cpu:1'): Tensor[] =>
  fill(test, inputValues(test), { dtype: 'float32', device })

const bits = (y: Tensor): Buffer => Buffer.from(y.dataSync().buffer)

for (const [family, { cases }] of Object.entries(families)) {
  t.test(`${family} gives the same bits on every device`, (t) => {
    for (const test of cases)
      scope(() => {
        const y = test.op(...inputsOn(test, 'cpu:1'))
        t.equal(y.device, 'cpu:1', test.name)
        t.ok(bits(y).equals(bits(test.op(...inputsOn(test, 'cpu:0')))), test.name)
      })
    t.end()
  })

  t.test(`${family} refuses two devices`, (t) => {
    const first = new Map([...cases].reverse().map((test) => [opOf(test), test]))
    for (const [op, test] of first)
      for (let i = 1; i < test.inputs.length; i++)
        scope(() => {
          const inputs = inputsOn(test, 'cpu:0')
          inputs[i] = inputsOn(test, 'cpu:1')[i]!
          const error = { name: 'DeviceError', code: 'ERR_DEVICE', message: new RegExp(`${op}.*cpu:[01].*cpu:[01]`) }
          t.throws(() => test.op(...inputs), error, `${op}, input ${i}`)
        })
    t.end()
  })
}
