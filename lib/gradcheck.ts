import { noGrad } from './autograd.js'
import { tensor } from './create.js'
import type { TypedArray } from './dtype.js'
import { AutogradError, DTypeError } from './errors.js'
import { Generator } from './random.js'
import { scope } from './scope.js'
import type { Tensor } from './tensor.js'

/** Options of {@link gradcheck}. */
export interface GradcheckOptions {
  /** Step of the central differences. Default 1e-6. */
  eps?: number
  /** Largest relative error allowed, against the larger gradient norm (at least 1). Default 1e-6. */
  tolerance?: number
}

const norm = (values: TypedArray): number => {
  let sum = 0
  for (const value of values) sum += value * value
  return Math.sqrt(sum)
}

/**
 * Compares the gradients of a function with central differences, weighting its result at random.
 *
 * @param fn a function of tensors that gives the same result every time
 * @param inputs float64; those that require gradients are checked
 * @returns the largest relative error
 * @throws {AutogradError} naming the input and the element that disagree most
 * @throws {DTypeError} for inputs of less than double precision
 */
export function gradcheck(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): number {
  const { eps = 1e-6, tolerance = 1e-6 } = options
  for (const x of inputs)
    if (x.requiresGrad && x.dtype !== 'float64')
      throw new DTypeError(`gradcheck: expected inputs of dtype float64, got ${x.dtype}`)
  const generator = new Generator(20230405)
  let weights: Float64Array | undefined

  /** Σ weights · fn(inputs) */
  const weighted = (): number => {
    const y = scope(() => noGrad(() => fn(...inputs).dataSync()))
    return weights!.reduce((total, weight, i) => total + weight * y[i]!, 0)
  }

  for (const x of inputs) {
    x.grad?.dispose()
    x.grad = undefined
  }
  scope(() => {
    const y = fn(...inputs)
    weights = Float64Array.from({ length: y.size }, () => generator.random() * 2 - 1)
    if (y.requiresGrad) y.backward(tensor(weights, { shape: y.shape, device: y.device }))
  })

  let worst = 0
  inputs.forEach((x, index) => {
    if (!x.requiresGrad) return
    const analytic = x.grad ? x.grad.dataSync() : new Float64Array(x.size)
    const values = x.dataSync()
    const at = (i: number, v: number) => {
      noGrad(() => x.copy_(values.map((old, j) => (j === i ? v : old))))
      return weighted()
    }
    let numeric: TypedArray
    try {
      numeric = values.map((value, i) => (at(i, value + eps) - at(i, value - eps)) / (2 * eps))
    } finally {
      x.copy_(values)
    }
    const size = Math.max(1, norm(analytic), norm(numeric))
    const errors = analytic.map((a, i) => Math.abs(a - numeric[i]!) / size)
    errors.forEach((error, i) => {
      worst = Math.max(worst, error)
      if (!(error <= tolerance))
        throw new AutogradError(
          `gradcheck: gradient of input ${index} at element ${i}: expected ${numeric[i]} by central differences, got ` +
            `${analytic[i]} (relative error ${error.toExponential(2)})`,
        )
    })
  })
  return worst
}
