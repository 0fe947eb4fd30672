import t from 'tap'
import { keras, type nn } from 'convcore'
import { fixture } from '../fixture.js'
import { type Fixture, outputsOf, tensorOf, toKeras, toOurs, weightsOf } from './keras.js'

const fixtures = await fixture<Record<string, Fixture>>('keras')

for (const [name, each] of Object.entries(fixtures))
  t.test(`the Keras model ${name} gives Keras' outputs`, async (t) => {
    const model = keras.fromConfig<nn.Module>(each.config, weightsOf(each))
    t.notOk(model.training)
    const outputs = outputsOf(
      model,
      each.inputs.map((x) => toOurs(tensorOf(x))),
    )
    t.equal(outputs.length, each.outputs.length)
    for (const [i, expected] of each.outputs.entries()) {
      const y = toKeras(outputs[i]!)
      t.same(y.shape, expected.shape)
      const values = await y.data()
      const worst = Math.max(
        ...expected.values.map((value, i) => Math.abs(value - values[i]!) / Math.max(1, Math.abs(value))),
      )
      t.ok(worst < 1e-5, `differs by ${worst}`)
    }
  })
