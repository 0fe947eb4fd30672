import { scope, tensor, type Tensor } from 'convcore'
import { inspect } from 'node:util'
import t from 'tap'
import { type Case, type ErrorCase, inputValues, opOf } from './case.js'
import { families } from './families.js'
import { fill } from './place.js'

const inputsOf = (test: Case): Tensor[] => fill(test, inputValues(test), { dtype: 'float32' })

const strangers = ['tensor', null, {}, [1, 2], true, () => 0]
const numbers = [1, NaN]

for (const [family, { cases, errors, takeNumbers = [], takeAnyDType = [] }] of Object.entries(families)) {
  t.test(`${family}: wrong calls`, (t) => {
    for (const { name, run, error } of errors) t.throws(() => scope(() => void run()), error, name)
    t.end()
  })

  // What every op refuses in place of any of its tensors, tried on the op's first case.
  const first = new Map([...cases].reverse().map((test) => [opOf(test), test]))
  for (const [op, test] of first)
    t.test(`${op}: misuse`, (t) => {
      scope(() => {
        for (const [i, input] of test.inputs.entries()) {
          const refuses = (value: unknown, error: ErrorCase['error'], what: string) =>
            t.throws(() => test.op(...inputsOf(test).with(i, value as Tensor)), error, `${what} as input ${i}`)

          for (const value of takeNumbers.includes(op) ? strangers : [...strangers, ...numbers])
            refuses(value, { name: 'TypeError', message: new RegExp(op) }, inspect(value))

          const gone = inputsOf(test)[i]!
          gone.dispose()
          refuses(gone, { name: 'DisposedError', code: 'ERR_DISPOSED', message: new RegExp(op) }, 'a disposed tensor')

          if (takeAnyDType.includes(op) || input.dtype) continue
          const integers = tensor(new Int32Array(gone.size), { shape: gone.shape })
          refuses(integers, { name: 'DTypeError', code: 'ERR_DTYPE', message: new RegExp(`${op}.*int32`) }, 'int32')
        }
      })
      t.end()
    })
}
