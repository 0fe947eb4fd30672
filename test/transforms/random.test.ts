import t from 'tap'
import {
  cat,
  Generator,
  manualSeed,
  memory,
  rand,
  scope,
  slice,
  tensor,
  transforms,
  type Tensor,
  zeros,
} from 'convcore'

const {
  ColorJitter,
  Compose,
  Normalize,
  RandAugment,
  RandomAffine,
  RandomCrop,
  RandomErasing,
  RandomGrayscale,
  RandomHorizontalFlip,
  RandomResizedCrop,
  RandomRotation,
  RandomVerticalFlip,
} = transforms

type Options = transforms.RandomOptions

const makers: Record<string, (options: Options) => transforms.Transform> = {
  RandomCrop: (o) => new RandomCrop([7, 9], { padding: 2, ...o }),
  'RandomCrop, reflecting': (o) => new RandomCrop(8, { padding: [1, 3], paddingMode: 'reflect', ...o }),
  'RandomCrop, small images': (o) => new RandomCrop(16, { padIfNeeded: true, fill: [1, 2, 3], ...o }),
  RandomResizedCrop: (o) => new RandomResizedCrop(6, o),
  RandomHorizontalFlip: (o) => new RandomHorizontalFlip(o),
  RandomVerticalFlip: (o) => new RandomVerticalFlip(o),
  RandomRotation: (o) => new RandomRotation(40, { interpolation: 'bilinear', fill: 'median', ...o }),
  RandomAffine: (o) => new RandomAffine({ degrees: 15, translate: [0.2, 0.2], scale: [0.8, 1.2], shear: [-5, 5, -3, 3], fill: [9, 8, 7], ...o }), // prettier-ignore
  ColorJitter: (o) => new ColorJitter({ brightness: 0.4, contrast: 0.4, saturation: [0.5, 2], hue: 0.2, ...o }),
  RandomGrayscale: (o) => new RandomGrayscale({ p: 0.5, ...o }),
  RandomErasing: (o) => new RandomErasing({ p: 0.8, value: [1, 2, 3], ...o }),
  RandAugment: (o) => new RandAugment({ numOps: 3, ...o }),
}

const bytes = (shape: number[], seed = 1): Tensor =>
  rand(shape, { generator: new Generator(seed) })
    .mul(255.999)
    .to('uint8')
const values = (x: Tensor): number[] => [...x.dataSync()]

for (const [name, make] of Object.entries(makers)) {
  t.test(`${name}: a seed gives one result, another seed another`, (t) => {
    const x = bytes([3, 12, 11])
    const run = (seed: number) => {
      const transform = make({ generator: new Generator(seed) })
      return Array.from({ length: 8 }, () => values(transform(x)).join()).join()
    }
    t.equal(run(3), run(3))
    t.not(run(3), run(4))
    t.end()
  })

  t.test(`${name}: a batch goes by one draw, or, per sample, as its images would by themselves`, (t) => {
    const x = bytes([4, 3, 12, 11])
    const images = [0, 1, 2, 3].map((i) => slice(x, 0, i, i + 1))
    const once = make({ generator: new Generator(7) })(x)
    const same = images.map((image) => make({ generator: new Generator(7) })(image))
    if (name !== 'ColorJitter') t.equal(values(once).join(), values(cat(same)).join())
    const perSample = make({ generator: new Generator(7), perSample: true })(x)
    const oneByOne = make({ generator: new Generator(7) })
    t.equal(values(perSample).join(), values(cat(images.map((image) => oneByOne(image)))).join())
    t.same(perSample.shape, once.shape)
    t.equal(perSample.dtype, 'uint8')
    t.end()
  })

  t.test(`${name}: takes floats and an empty batch, and keeps nothing`, (t) => {
    const transform = make({ perSample: true, generator: new Generator(1) })
    scope(() => {
      const floats = bytes([2, 3, 12, 11]).to('float32').mul(1 / 255) // prettier-ignore
      const before = memory().tensors
      for (let i = 0; i < 3; i++) transform(floats).dispose()
      t.equal(memory().tensors, before)
      t.equal(transform(zeros([0, 3, 12, 11])).shape[0], 0)
    })
    t.end()
  })
}

t.test('without a generator, transforms follow manualSeed', (t) => {
  const x = bytes([3, 12, 12])
  const transform = new Compose([new RandomCrop(8), new RandomHorizontalFlip(), new Normalize(0.5, 0.25)])
  manualSeed(5)
  const first = [1, 2, 3].map(() => values(transform(x)))
  manualSeed(5)
  t.same([1, 2, 3].map(() => values(transform(x))), first) // prettier-ignore
  t.end()
})

t.test('crops come from everywhere, equally often', (t) => {
  // Each pixel says where it is.
  const x = tensor(
    Uint8Array.from({ length: 36 }, (_, i) => i),
    { shape: [1, 6, 6] },
  )
  const crop = new RandomCrop(4, { generator: new Generator(2) })
  const counts = new Map<number, number>()
  for (let i = 0; i < 900; i++) scope(() => {
    const [corner] = values(crop(x)) as [number]
    counts.set(corner, (counts.get(corner) ?? 0) + 1)
  }) // prettier-ignore
  t.same([...counts.keys()].sort((a, b) => a - b), [0, 1, 2, 6, 7, 8, 12, 13, 14]) // prettier-ignore
  // Of 900 in 9, a hundred each, with a deviation of 9.4.
  for (const count of counts.values()) t.ok(count > 60 && count < 140, String(count))
  t.end()
})

t.test('flips come as often as asked for', (t) => {
  const x = tensor(Uint8Array.of(1, 2), { shape: [1, 1, 2] }).repeat(1000, 1, 1, 1)
  for (const p of [0, 0.25, 1]) {
    const y = values(new RandomHorizontalFlip({ p, perSample: true, generator: new Generator(3) })(x))
    const flipped = y.filter((v, i) => i % 2 === 0 && v === 2).length
    t.ok(Math.abs(flipped - 1000 * p) <= 60 * Math.sqrt(p * (1 - p)), String(flipped))
  }
  t.end()
})

t.test('parts of random size keep to their area and proportions', (t) => {
  // A ramp: what a part of it spans says how wide it is.
  const [h, w] = [60, 80]
  const ramp = tensor(Float32Array.from({ length: 2 * h * w }, (_, i) => (i < h * w ? i % w : Math.floor((i - h * w) / w))), { shape: [2, h, w] }) // prettier-ignore
  const crop = new RandomResizedCrop([2, 2], { scale: [0.1, 0.4], antialias: false, generator: new Generator(4) })
  for (let i = 0; i < 100; i++)
    scope(() => {
      const [left, right, , , top, , bottom] = values(crop(ramp)) as [number, number, 0, 0, number, 0, number]
      const [width, height] = [2 * (right - left), 2 * (bottom - top)]
      t.ok(width * height > 0.09 * h * w && width * height < 0.42 * h * w, `${width} × ${height}`)
      t.ok(width / height > 0.7 && width / height < 1.4, `${width} × ${height}`)
    })
  t.end()
})

t.test('images of proportions that no part can have give their middle', (t) => {
  const x = tensor(
    Uint8Array.from({ length: 100 }, (_, i) => i),
    { shape: [1, 1, 100] },
  )
  const y = values(new RandomResizedCrop([1, 1], { scale: [1, 1], ratio: [3 / 4, 4 / 3] })(x))
  t.same(y, [49])
  t.end()
})

t.test('the median lies beyond a shifted image', (t) => {
  // A white digit on black, and a black one on grey.
  const x = tensor(Uint8Array.from({ length: 128 }, (_, i) => (i < 64 ? (i % 8 === 3 ? 255 : 0) : i % 8 === 3 ? 0 : 128)), { shape: [2, 1, 8, 8] }) // prettier-ignore
  const shift = new RandomAffine({ translate: [0.25, 0.25], fill: 'median', perSample: true, generator: new Generator(1) }) // prettier-ignore
  const turn = new RandomRotation([44, 45], { fill: 'median', perSample: true })
  for (const y of [values(shift(x)), values(turn(x))]) {
    t.same(new Set(y.slice(0, 64)), new Set([0, 255]))
    t.same(new Set(y.slice(64)), new Set([0, 128]))
  }
  t.end()
})

t.test('the median of bytes and of floats is the lower one in the middle', (t) => {
  for (const [h, w] of [
    [5, 7],
    [4, 6],
  ] as const) {
    // prettier-ignore
    const x = bytes([2, 3, h, w])
    for (const image of [x, x.to('float32')]) {
      const y = values(transforms.functional.affine(image, { translate: [50, 0], fill: 'median' }))
      const planes = Array.from({ length: 6 }, (_, i) => values(image).slice(i * h * w, (i + 1) * h * w)) // prettier-ignore
      const medians = planes.map((plane) => plane.sort((a, b) => a - b)[Math.floor((h * w - 1) / 2)]!) // prettier-ignore
      t.same(y, medians.flatMap((median) => new Array<number>(h * w).fill(median))) // prettier-ignore
    }
  }
  t.end()
})

t.test('each image of a batch may be adjusted by a factor of its own', (t) => {
  const { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } = transforms.functional
  const x = bytes([2, 3, 6, 5])
  for (const adjust of [adjustBrightness, adjustContrast, adjustHue, adjustSaturation]) {
    const factors = adjust === adjustHue ? [-0.2, 0.4] : [0.5, 1.8]
    const alone = factors.map((factor, i) => adjust(slice(x, 0, i, i + 1), factor))
    t.equal(values(adjust(x, factors)).join(), values(cat(alone)).join(), adjust.name)
  }
  t.end()
})

t.test('erased boxes are of the area and the value asked for', (t) => {
  const x = zeros([200, 1, 20, 20], { dtype: 'uint8' })
  const y = values(new RandomErasing({ p: 0.5, scale: [0.1, 0.2], value: 9, perSample: true, generator: new Generator(6) })(x)) // prettier-ignore
  const areas = Array.from({ length: 200 }, (_, i) => y.slice(400 * i, 400 * i + 400).filter((v) => v === 9).length) // prettier-ignore
  const erased = areas.filter((area) => area > 0)
  t.ok(erased.length > 70 && erased.length < 130, String(erased.length))
  t.ok(erased.every((area) => area >= 32 && area <= 88), String(erased)) // prettier-ignore
  const noise = new RandomErasing({ p: 1, value: 'random', generator: new Generator(1) })
  t.ok(values(noise(zeros([1, 20, 20]))).some((v) => v < 0))
  t.throws(() => noise(x), { name: 'DTypeError', message: /RandomErasing: expected x of a float dtype/ })
  t.end()
})

t.test('an expanded rotation holds the whole image', (t) => {
  const x = bytes([1, 2, 3])
  const [a, b, c, d, e, f] = values(x)
  for (const [angle, shape, want] of [
    [90, [1, 3, 2], [c, f, b, e, a, d]],
    [-90, [1, 3, 2], [d, a, e, b, f, c]],
    [180, [1, 2, 3], [f, e, d, c, b, a]],
    [360, [1, 2, 3], [a, b, c, d, e, f]],
  ] as const) {
    const y = new RandomRotation([angle, angle], { expand: true })(x)
    t.same(y.shape, shape)
    t.same(values(y), want)
  }
  t.end()
})
