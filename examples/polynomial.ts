// Over-fitting, shown on polynomials through ten noisy points of a sine: the higher the order, the better the fit and the
// wilder the coefficients, until shrinkage holds them down (Bishop: "Pattern recognition and machine learning", 1.1).
import { add, cat, lstsq, matmul, mul, randn, sub, tensor, visualize, zeros, type Tensor } from 'convcore'
import { type Figures, type Options, type Row, show } from './example.js'

export const epochs = 1

export const rows: readonly Row[] = [
  {
    row: 'L5.4',
    required: 'order 9 passes through all points; shrunk, it has small coefficients',
    judge: ({ coefficients, distances }) => {
      const [free, shrunk] = (coefficients as number[][]).slice(3).map((w) => Math.max(...w.map(Math.abs))) as [
        number,
        number,
      ]
      const distance = (distances as number[])[3]!
      return {
        figure: `distance ${distance.toExponential(1)}, greatest coefficients ${free.toExponential(1)} and ${shrunk.toExponential(1)}`,
        held: distance < 1e-8 && free > 100 * shrunk,
      }
    },
  },
]
const SHRINKAGE = Math.exp(-18)

/** Ten points of one period of the sine, in float64, with normal noise of standard deviation 0.3. */
export function noisySine(): { x: number[]; y: Tensor } {
  const x = Array.from({ length: 10 }, (_, i) => i / 9)
  const sine = tensor(Float64Array.from(x, (v) => Math.sin(2 * Math.PI * v)))
  return { x, y: add(sine, mul(randn([10], { dtype: 'float64' }), 0.3)) }
}

/** The powers 0 … order of each x, one row for each. */
export const powers = (x: readonly number[], order: number): Tensor =>
  tensor(
    Float64Array.from(
      { length: x.length * (order + 1) },
      (_, i) => x[Math.floor(i / (order + 1))]! ** (i % (order + 1)),
    ),
    {
      shape: [x.length, order + 1],
    },
  )

/** The coefficients w with the least ‖powers·w − y‖² + shrinkage·‖w‖²: shrinkage is rows of √shrinkage that want 0. */
export function fit(x: readonly number[], y: Tensor, order: number, shrinkage = 0): Tensor {
  if (shrinkage === 0) return lstsq(powers(x, order), y)
  const n = order + 1
  const rows = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? Math.sqrt(shrinkage) : 0))
  return lstsq(cat([powers(x, order), tensor(rows, { shape: [n, n] })]), cat([y, zeros([n], { dtype: 'float64' })]))
}

/** The root of the mean square distance of the polynomial from the points. */
export function distance(x: readonly number[], y: Tensor, weights: Tensor): number {
  const errors = sub(matmul(powers(x, weights.size - 1), weights.reshape([weights.size, 1])).flatten(), y)
  return Math.sqrt(errors.mul(errors).mean().itemSync())
}

const STEPS = 100

/** The points, the sine that they are of, and a polynomial through them. */
export function panel(title: string, x: readonly number[], y: Tensor, weights: Tensor): visualize.Panel {
  const fine = Array.from({ length: STEPS + 1 }, (_, i) => i / STEPS)
  const values = matmul(powers(fine, weights.size - 1), weights.reshape([weights.size, 1])).dataSync()
  const points = y.dataSync()
  return {
    title,
    yRange: [-2, 2],
    series: [
      { name: 'polynomial', points: fine.map((v, i) => [v, values[i]!]) },
      { name: 'sine', points: fine.map((v) => [v, Math.sin(2 * Math.PI * v)]) },
      { name: 'samples', kind: 'points', points: x.map((v, i) => [v, points[i]!]) },
    ],
  }
}

export async function run(options: Options): Promise<Figures> {
  const started = performance.now()
  const { x, y } = noisySine()
  const columns = [0, 1, 3, 9, 9].map((order, i) => ({
    name: i === 4 ? 'order 9, shrunk' : `order ${order}`,
    weights: fit(x, y, order, i === 4 ? SHRINKAGE : 0),
  }))
  const values = columns.map(({ weights }) => [...weights.dataSync()])
  const row = (name: string, cells: string[]) =>
    console.log(name.padEnd(10) + cells.map((c) => c.padStart(17)).join(''))
  row(
    '',
    columns.map(({ name }) => name),
  )
  for (let power = 0; power <= 9; power++)
    row(
      `w${power}`,
      values.map((w) => w[power]?.toFixed(2) ?? ''),
    )
  const distances = columns.map(({ weights }) => distance(x, y, weights))
  row(
    'distance',
    distances.map((d) => d.toExponential(1)),
  )
  const picture = visualize.plot(columns.map(({ name, weights }) => panel(name, x, y, weights)))
  await show('polynomial', picture, options)
  return { coefficients: values, distances, seconds: (performance.now() - started) / 1000 }
}
