import { type Device, tensor, type Tensor } from 'convcore'
import { type Case, generator, inputValues, weightsFor } from './case.js'
import { fill, type Float, type Placement } from './place.js'

/** A case's inputs, and those among them whose gradients are checked. */
export function prepare(test: Case, dtype: Float, placement: Placement, device?: Device) {
  const random = generator(test.name)
  const inputs = fill(test, inputValues(test, random), { dtype, placement, device })
  return { inputs, leaves: test.differentiable!.map((i) => inputs[i]!), random }
}

/** The gradients of a weighted sum of a case's result. */
export function gradients(test: Case, dtype: Float, placement: Placement, device?: Device): Tensor[] {
  const { inputs, leaves, random } = prepare(test, dtype, placement, device)
  for (const x of leaves) x.requiresGrad = true
  const y = test.op(...inputs)
  const { shape, data } = weightsFor(y.shape, random)
  y.backward(tensor(data, { shape, dtype: y.dtype, device: y.device }))
  return leaves.map((x) => x.grad!)
}
