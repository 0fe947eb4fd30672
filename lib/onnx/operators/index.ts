import type { Operators } from '../operator.js'
import { activations } from './activation.js'
import { arithmetic } from './arithmetic.js'
import { convolutions } from './convolution.js'
import { normalizations } from './normalization.js'
import { poolings } from './pooling.js'
import { reductions } from './reduction.js'
import { resizings } from './resize.js'
import { shapes } from './shape.js'
import { valueOperators } from './values.js'

/** All operators of ONNX that are done by ours, by name. */
export const operators: Operators = {
  ...activations,
  ...arithmetic,
  ...convolutions,
  ...normalizations,
  ...poolings,
  ...reductions,
  ...resizings,
  ...shapes,
  ...valueOperators,
}
