import { tensor } from '../../create.js'
import { indexSelect } from '../../ops/indexing.js'
import { add, mul } from '../../ops/elementwise.js'
import { interpolate } from '../../ops/interpolate.js'
import type { Tensor } from '../../tensor.js'
import type { GraphNode } from '../node.js'
import { axisOf, type Inputs, type Operator, type Operators } from '../operator.js'

const COORDINATES = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_half_pixel_for_nn',
] as const
type Coordinates = (typeof COORDINATES)[number]

const NEAREST = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'] as const

const roundings: Readonly<Record<(typeof NEAREST)[number], (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
}

/** Where the i-th of `output` cells lies among `input` ones; `factor` is output over input. */
function coordinate(kind: Coordinates, i: number, input: number, output: number, factor: number): number {
  switch (kind) {
    case 'align_corners':
      return output === 1 ? 0 : (i * (input - 1)) / (output - 1)
    case 'asymmetric':
      return i / factor
    case 'tf_half_pixel_for_nn':
      return (i + 0.5) / factor
    case 'pytorch_half_pixel':
      return output === 1 ? 0 : (i + 0.5) / factor - 0.5
    case 'half_pixel_symmetric': {
      const whole = factor * input
      return (input / 2) * (1 - output / whole) + (i + 0.5) / factor - 0.5
    }
    default:
      return (i + 0.5) / factor - 0.5
  }
}

const clamped = (x: number, n: number): number => Math.min(Math.max(x, 0), n - 1)

/** x with cells picked along a dimension. */
const picked = (x: Tensor, dim: number, cells: number[]): Tensor => indexSelect(x, dim, Int32Array.from(cells))

interface Along {
  readonly dim: number
  readonly output: number
  readonly factor: number
}

function linearAlong(x: Tensor, { dim, output, factor }: Along, kind: Coordinates): Tensor {
  const n = x.shape[dim]!
  const at = Array.from({ length: output }, (_, i) => clamped(coordinate(kind, i, n, output, factor), n))
  const low = at.map(Math.floor)
  const shares = at.map((each, i) => each - low[i]!)
  const shape = x.shape.map((_, d) => (d === dim ? output : 1))
  const share = (values: number[]): Tensor =>
    tensor(Float64Array.from(values), { shape, dtype: x.dtype, device: x.device })
  const before = mul(picked(x, dim, low), share(shares.map((s) => 1 - s)))
  return add(
    before,
    mul(
      picked(
        x,
        dim,
        low.map((each) => Math.min(each + 1, n - 1)),
      ),
      share(shares),
    ),
  )
}

/** Ours has PyTorch's coordinates, for all spatial dimensions at once. */
function byOurs(x: Tensor, along: readonly Along[], kind: Coordinates): Tensor | undefined {
  const mode = ({ 3: 'linear', 4: 'bilinear', 5: 'trilinear' } as const)[x.rank as 3]
  const aligned = kind === 'align_corners'
  const exact = along.every(({ dim, output, factor }) => aligned || output === x.shape[dim]! * factor)
  const plain = kind === 'half_pixel' || (kind === 'pytorch_half_pixel' && along.every(({ output }) => output > 1))
  if (!mode || !exact || !(plain || aligned) || along.some(({ dim }) => dim < 2)) return undefined
  const size = x.shape.slice(2).map((n, i) => along.find(({ dim }) => dim === i + 2)?.output ?? n)
  return interpolate(x, { size: size, mode, alignCorners: aligned })
}

/** Output sizes and factors along the dimensions that change. */
function targets(
  node: GraphNode,
  x: Tensor,
  scales: readonly number[] | undefined,
  sizes: readonly number[] | undefined,
  axes: readonly number[] | undefined,
): Along[] {
  const dims = axes?.map((axis) => axisOf(node, axis, x.rank)) ?? x.shape.map((_, d) => d)
  const given = sizes?.length ? sizes : scales
  if (given?.length !== dims.length) return node.fail(`expected scales or sizes for ${dims.length} dimensions`)
  const along = dims.map((dim, i): Along => {
    const n = x.shape[dim]!
    const output = sizes?.length ? sizes[i]! : Math.floor(n * scales![i]!)
    if (!(Number.isInteger(output) && output > 0)) node.fail(`expected sizes from 1 on, got ${output}`)
    return { dim, output, factor: sizes?.length ? output / n : scales![i]! }
  })
  node.sized(x.shape.map((n, d) => along.find(({ dim }) => dim === d)?.output ?? n))
  return along.filter(({ dim, output, factor }) => output !== x.shape[dim] || factor !== 1)
}

const resize = (
  targetsOf: (node: GraphNode) => (inputs: Inputs, x: Tensor) => Along[],
  upsample: boolean,
): Operator => ({
  arity: [1, 4],
  numbers: [1, 2, 3],
  prepare(node) {
    const mode = node.word('mode', ['nearest', 'linear', 'bilinear'], 'nearest')
    const old = upsample || node.opset < 11
    const kind = old ? 'asymmetric' : node.word('coordinate_transformation_mode', COORDINATES, 'half_pixel')
    const round = roundings[old ? 'floor' : node.word('nearest_mode', NEAREST, 'round_prefer_floor')]
    if (node.flag('antialias')) node.fail('expected no antialiasing, got some')
    if (node.word('keep_aspect_ratio_policy', ['stretch'], 'stretch') !== 'stretch') node.fail('expected stretch')
    const of = targetsOf(node)
    return (inputs) => {
      const x = inputs.tensor(0)
      const along = of(inputs, x)
      if (mode !== 'nearest') return byOurs(x, along, kind) ?? along.reduce((y, each) => linearAlong(y, each, kind), x)
      return along.reduce((y, { dim, output, factor }) => {
        const n = x.shape[dim]!
        const cell = (i: number) => clamped(round(coordinate(kind, i, n, output, factor)), n)
        return picked(
          y,
          dim,
          Array.from({ length: output }, (_, i) => cell(i)),
        )
      }, x)
    }
  },
})

export const resizings: Operators = {
  Resize: resize((node) => {
    const axes = node.ints('axes')
    const old = node.opset < 11
    return (inputs, x) => {
      const [scales, sizes] = old ? [inputs.ints(1), undefined] : [inputs.ints(2), inputs.ints(3)]
      return targets(node, x, scales, sizes, axes)
    }
  }, false),
  Upsample: resize((node) => {
    const fixed = node.floats('scales')
    return (inputs, x) => targets(node, x, node.opset < 9 ? fixed : inputs.ints(1), undefined, undefined)
  }, true),
}
