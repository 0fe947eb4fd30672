import t from 'tap'
import { FormatError, keras, nn, noGrad, tensor, type Tensor } from 'convcore'
import { fixture } from '../fixture.js'

interface Values {
  shape: number[]
  values: number[]
}
interface Fixture {
  config: unknown
  weights: Record<string, Values>
  inputs: Values[]
  outputs: Values[]
}
const fixtures = await fixture<Record<string, Fixture>>('keras')

const tensorOf = ({ shape, values }: Values) => tensor(values, { shape: [values.length] }).reshape(shape)
const weightsOf = ({ weights }: Fixture) =>
  Object.fromEntries(Object.entries(weights).map(([name, values]) => [name, tensorOf(values)]))

/** Keras' [N, …, C] as ours, and back. */
const toOurs = (x: Tensor) =>
  x.rank < 3 ? x : x.permute(0, x.rank - 1, ...Array.from({ length: x.rank - 2 }, (_, i) => i + 1))
const toKeras = (x: Tensor) =>
  x.rank < 3 ? x : x.permute(0, ...Array.from({ length: x.rank - 2 }, (_, i) => i + 2), 1)

const outputsOf = (model: nn.Module, inputs: readonly Tensor[]): Tensor[] =>
  noGrad(() => [model(...(inputs as never[])) as Tensor | Tensor[]].flat())

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
