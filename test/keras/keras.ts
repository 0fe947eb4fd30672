import { nn, noGrad, tensor, type Tensor } from 'convcore'

interface Values {
  shape: number[]
  values: number[]
}
/** A model, as scripts/fixtures/keras.py writes it. */
export interface Fixture {
  config: unknown
  weights: Record<string, Values>
  inputs: Values[]
  outputs: Values[]
}
export const tensorOf = ({ shape, values }: Values) => tensor(values, { shape: [values.length] }).reshape(shape)
export const weightsOf = ({ weights }: Fixture) =>
  Object.fromEntries(Object.entries(weights).map(([name, values]) => [name, tensorOf(values)]))

/** Keras' [N, …, C] as ours, and back. */
export const toOurs = (x: Tensor) =>
  x.rank < 3 ? x : x.permute(0, x.rank - 1, ...Array.from({ length: x.rank - 2 }, (_, i) => i + 1))
export const toKeras = (x: Tensor) =>
  x.rank < 3 ? x : x.permute(0, ...Array.from({ length: x.rank - 2 }, (_, i) => i + 2), 1)

export const outputsOf = (model: nn.Module, inputs: readonly Tensor[]): Tensor[] =>
  noGrad(() => [model(...(inputs as never[])) as Tensor | Tensor[]].flat())
