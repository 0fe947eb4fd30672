import t from 'tap'
import { Generator, memory, ones, rand, scope, sum, tensor, transforms, type Tensor, zeros } from 'convcore'

const { Compose, CutMix, functional, Lambda, MixUp, RandomApply, RandomChoice } = transforms
const values = (x: Tensor): number[] => [...x.dataSync()]
const plus = (n: number) => (x: Tensor) => x.add(n)

t.test('a chain runs in order, functions and transforms alike, and frees what lies between', (t) => {
  const x = ones([1, 2, 2])
  const chain = new Compose([plus(1), new Lambda((x) => x.mul(3)), new transforms.Pad(1), functional.hflip])
  const before = memory().tensors
  const y = chain(x)
  t.equal(memory().tensors, before + 1)
  t.same(y.shape, [1, 4, 4])
  t.equal(values(y)[5], 6)
  t.equal(new Compose([])(x), x)
  t.end()
})

t.test('RandomApply runs all or none, RandomChoice one', (t) => {
  const x = zeros([1, 1, 1])
  const apply = new RandomApply([plus(1), plus(1)], { p: 0.3, generator: new Generator(1) })
  const choice = new RandomChoice([plus(0), plus(1), plus(2)], { p: [1, 0, 3], generator: new Generator(1) })
  const count = (transform: transforms.Transform) => {
    const seen = [0, 0, 0]
    for (let i = 0; i < 400; i++) seen[scope(() => transform(x).itemSync())]!++
    return seen as [number, number, number]
  }
  const [none, one, both] = count(apply)
  t.ok(both > 80 && both < 160 && one === 0, `${none}, ${both}`)
  const [first, second, third] = count(choice)
  t.ok(first > 60 && first < 140 && second === 0, `${first}, ${third}`)
  t.end()
})

t.test('resizing passes gradients on, and bytes become floats where they are normalised', (t) => {
  const x = rand([3, 6, 8], { generator: new Generator(1), requiresGrad: true })
  sum(functional.normalize(functional.resize(x, [3, 4]), 0.5, 0.5)).backward()
  // Each cell of the small image is a mean, so that all weights of one cell of x add up to a quarter.
  t.ok(Math.abs(x.grad!.sum().itemSync() - 2 * 3 * 3 * 4) < 1e-3)
  const bytes = tensor(Uint8Array.of(0, 51, 255), { shape: [1, 1, 3] })
  const normalized = new transforms.Normalize(0.2, 0.5)(bytes)
  t.same(values(normalized).map((v) => Math.round(v * 1e5) / 1e5), [-0.4, 0, 1.6]) // prettier-ignore
  t.same(values(new transforms.ToTensor()(bytes)), [0, Math.fround(0.2), 1])
  t.same(values(new transforms.ConvertImageDtype('uint8')(new transforms.ToTensor()(bytes))), [0, 51, 255])
  t.end()
})

t.test('MixUp adds images and labels by one share', (t) => {
  const labels = tensor(Int32Array.of(0, 1, 2))
  const images = tensor([0, 1, 2], { shape: [3, 1, 1, 1] })
  for (const alpha of [0.2, 1, 5]) {
    const [mixed, shares] = new MixUp({ alpha, numClasses: 3, generator: new Generator(9) })(images, labels)
    const [a, b, c] = values(mixed) as [number, number, number]
    const rows = values(shares)
    const kept = rows[0]!
    const near = (got: number, want: number) => t.ok(Math.abs(got - want) < 1e-6, `${got} for ${want}`)
    near(a, 2 * (1 - kept))
    near(b, kept)
    near(c, 2 * kept + (1 - kept))
    near(rows[2]!, 1 - kept)
    near(rows[4]!, kept)
  }
  t.end()
})

t.test('shares follow the beta distribution', (t) => {
  const images = zeros([1, 1, 1, 2])
  const soft = tensor([1], { shape: [1, 1] })
  for (const [alpha, variance] of [
    [0.4, 0.139],
    [1, 0.0833],
    [4, 0.0278],
  ] as const) {
    // prettier-ignore
    const generator = new Generator(2)
    const mix = new MixUp({ alpha, generator })
    // What is left of the second of two images that say 0 and 1.
    const pair = tensor([0, 1], { shape: [2, 1, 1, 1] })
    const labels = tensor([1, 0, 0, 1], { shape: [2, 2] })
    const drawn = Array.from({ length: 800 }, () => scope(() => values(mix(pair, labels)[0])[1]!))
    const mean = drawn.reduce((total, v) => total + v, 0) / drawn.length
    const spread = drawn.reduce((total, v) => total + (v - mean) ** 2, 0) / drawn.length
    t.ok(Math.abs(mean - 0.5) < 0.05, `mean ${mean}`)
    t.ok(Math.abs(spread / variance - 1) < 0.15, `variance ${spread}`)
  }
  t.same(values(new MixUp()(images, soft)[1]), [1])
  t.end()
})

t.test('CutMix takes a box from the image before, and labels by its area', (t) => {
  const images = tensor(
    Uint8Array.from({ length: 3 * 100 }, (_, i) => Math.floor(i / 100)),
    { shape: [3, 1, 10, 10] },
  )
  const mix = new CutMix({ numClasses: 3, generator: new Generator(3) })
  for (let i = 0; i < 20; i++)
    scope(() => {
      const [mixed, shares] = mix(images, tensor(Int32Array.of(0, 1, 2)))
      t.equal(mixed.dtype, 'uint8')
      const second = values(mixed).slice(100, 200)
      const taken = second.filter((v) => v === 0).length / 100
      t.ok(second.every((v) => v === 0 || v === 1))
      const row = values(shares).slice(3, 6)
      t.ok(Math.abs(row[0]! - taken) < 1e-6 && Math.abs(row[1]! - (1 - taken)) < 1e-6, `${row} for ${taken}`)
    })
  t.end()
})
