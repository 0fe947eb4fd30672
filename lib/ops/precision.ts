// What autocast does to the operands of an op.
import { currentRegion, isAutocastEnabled, type Region } from '../autocast.js'
import { isGradEnabled } from '../autograd.js'
import { isCuda } from '../device.js'
import { isHalf } from '../dtype.js'
import { keep } from '../scope.js'
import type { Tensor } from '../tensor.js'
import { cast } from './convert.js'

type Operand = Tensor | undefined

/** For ops that are fast and safe in half precision: float32 operands on CUDA in the region's dtype. */
export function lowered<T extends readonly Operand[]>(...operands: T): T {
  const region = currentRegion()
  if (!region) return operands
  const { dtype } = region
  return operands.map((x) => {
    if (!x || !isCuda(x.device) || x.dtype === 'float64' || x.dtype === dtype) return x
    if (x.dtype !== 'float32' && !isHalf(x.dtype)) return x
    return x.isLeaf && x.requiresGrad ? castOnce(x, region) : cast(x, dtype)
  }) as unknown as T
}

/** For ops that need the range or the precision: half operands in float32. */
export function raised<T extends readonly Operand[]>(...operands: T): T {
  if (!isAutocastEnabled()) return operands
  return operands.map((x) => (x && isHalf(x.dtype) ? cast(x, 'float32') : x)) as unknown as T
}

/** For ops whose operands must agree: in float32 where half and float32, or two half dtypes, meet. */
export function promoted<T extends readonly Operand[]>(...operands: T): T {
  if (!isAutocastEnabled()) return operands
  const dtypes = new Set(operands.flatMap((x) => (x ? [x.dtype] : [])))
  return dtypes.size > 1 ? raised(...operands) : operands
}

/** Whether the op's operands would be cast if it were on one of the lists. */
export const isCast = (x: Tensor): boolean => isAutocastEnabled() && isCuda(x.device)

function castOnce(x: Tensor, { dtype, casts }: Region): Tensor {
  const known = casts.get(x)
  const { version } = x.storage
  if (known?.version === version && known.graded === isGradEnabled()) return known.y
  known?.y.dispose()
  const y = keep(cast(x, dtype))
  casts.set(x, { version, graded: isGradEnabled(), y })
  return y
}
