import { eq, ge, lt, where } from '../../ops/compare.js'
import { add, div, maximum, minimum, mul, sub } from '../../ops/elementwise.js'
import { cat } from '../../ops/join.js'
import { clamp, scale } from '../../ops/unary.js'
import { scope } from '../../scope.js'
import type { Tensor } from '../../tensor.js'
import { perImage } from './blend.js'
import { planesOf } from './color.js'
import { convertImageDtype, toTensor } from './convert.js'
import { checkChannels, checkFactor, type Factor } from './image.js'

/**
 * An image whose hues are turned by a share of the colour circle: torchvision's `adjust_hue`. One of a single channel stays.
 * @param factor from −0.5 to 0.5; one for each image of a batch, or one for all
 * @throws {RangeError} {@link ShapeError} unless x has 1 or 3 channels
 */
export function adjustHue(x: Tensor, factor: Factor): Tensor {
  const { c } = checkChannels('adjustHue', x, 1, 3)
  checkFactor('adjustHue', 'factor', factor, -0.5, 0.5)
  if (c === 1) return x
  return scope(() => {
    const [hue, saturation, value] = toHsv(toTensor(x))
    const turned = cyclic(add(hue, typeof factor === 'number' ? factor : perImage('adjustHue', hue, factor)), 1)
    return convertImageDtype(fromHsv(turned, saturation, value), x.dtype)
  })
}

/** Numbers from −period to 2 · period brought to [0, period). */
const cyclic = (x: Tensor, period: number): Tensor => {
  const raised = where(lt(x, 0), add(x, period), x)
  return where(ge(raised, period), sub(raised, period), raised)
}

/** Hue, saturation and value, all from 0 to 1, of floats. */
function toHsv(x: Tensor): [hue: Tensor, saturation: Tensor, value: Tensor] {
  const [red, green, blue] = planesOf(x)
  const value = maximum(maximum(red, green), blue)
  const range = sub(value, minimum(minimum(red, green), blue))
  const gray = eq(range, 0)
  const [divisor, top] = [where(gray, 1, range), where(gray, 1, value)]
  const [r, g, b] = [red, green, blue].map((plane) => div(sub(value, plane), divisor)) as [Tensor, Tensor, Tensor]
  const sixth = where(
    eq(value, red),
    sub(b, g),
    where(eq(value, green), add(sub(r, b), 2), add(sub(g, r), 4)), // prettier-ignore
  )
  return [cyclic(scale(sixth, 1 / 6), 1), div(range, top), value]
}

/** Smith: "Color gamut transform pairs", 1978: each channel falls from the value by what its distance from the hue says. */
function fromHsv(hue: Tensor, saturation: Tensor, value: Tensor): Tensor {
  const depth = mul(value, saturation)
  const sixths = scale(hue, 6)
  const channel = (start: number) => {
    const k = cyclic(add(sixths, start), 6)
    return sub(value, mul(depth, clamp(minimum(k, sub(4, k)), 0, 1)))
  }
  return cat([channel(5), channel(3), channel(1)], -3)
}
