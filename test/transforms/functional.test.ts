import t from 'tap'
import { scope, tensor, transforms, type Tensor } from 'convcore'
import { fixture } from '../fixture.js'

interface Stored {
  shape: number[]
  data: number[]
}
interface Result {
  op: Exclude<keyof typeof functional, 'toTensor'>
  image: string
  args: unknown[]
  options: Record<string, unknown>
  y: Stored
}

const { functional } = transforms
const { images, results } = await fixture<{ images: Record<string, Stored>; results: Result[] }>('transforms')

const image = (name: string): Tensor => {
  const { shape, data } = images[name]!
  return tensor(data, { shape, dtype: name.endsWith('Float') ? 'float32' : 'uint8' })
}

/** How far bytes may be from torchvision's, which sums in whole numbers. */
const allowed: Partial<Record<Result['op'], number>> = { resize: 1, resizedCrop: 1 }

for (const op of new Set(results.map((each) => each.op)))
  t.test(`${op} is torchvision's`, (t) => {
    for (const { image: name, args, options, y: want } of results.filter((each) => each.op === op))
      scope(() => {
        const label = `${name} ${JSON.stringify(args)} ${JSON.stringify(options)}`
        const call = functional[op] as (...args: unknown[]) => Tensor
        const y = call(image(name), ...args, ...(Object.keys(options).length > 0 ? [options] : []))
        t.same(y.shape, want.shape, label)
        const limit = y.dtype === 'uint8' ? (allowed[op] ?? 0) : 1e-4
        const far = [...y.dataSync()].reduce((most, v, i) => Math.max(most, Math.abs(v - want.data[i]!)), 0)
        t.ok(far <= limit, `${label}: ${far}`)
      })
    t.end()
  })
