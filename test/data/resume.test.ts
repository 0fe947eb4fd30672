import t from 'tap'
import { data, defaultGenerator, Generator, manualSeed } from 'convcore'

const numbers = { length: 10, get: (i: number) => i }

type Loader = data.DataLoader<number>

const shuffled = (options: object = {}): Loader =>
  new data.DataLoader(numbers, { batchSize: 3, shuffle: true, generator: new Generator(5), ...options })

const copy = (state: data.LoaderState) => JSON.parse(JSON.stringify(state)) as data.LoaderState

/** Goes on for some batches; `leave` is called after the last of them, within the loop. */
async function take(loader: Loader, count = Infinity, leave?: () => void): Promise<number[][]> {
  const seen: number[][] = []
  for await (const batch of loader) {
    seen.push([...(await batch.data())])
    if (seen.length < count) continue
    leave?.()
    break
  }
  return seen
}

t.test('a loader goes on where another one stood, order and random numbers included', async (t) => {
  const makers: Record<string, () => Loader> = {
    shuffled,
    'with prefetch': () => shuffled({ prefetch: 2 }),
    sequential: () => shuffled({ shuffle: false }),
    weighted: () =>
      shuffled({
        shuffle: undefined,
        sampler: new data.WeightedRandomSampler(new Array<number>(10).fill(1), 10, { generator: new Generator(5) }),
      }),
    'of a stream': () =>
      new data.DataLoader(new data.IterableDataset(Array.from({ length: 10 }, (_, i) => i)), { batchSize: 3 }),
  }
  for (const [name, make] of Object.entries(makers))
    for (const position of [1, 2, 4]) {
      const whole = make()
      const first = await take(whole)
      const second = await take(whole)
      const third = await take(whole)
      const stopped = make()
      await take(stopped)
      let state: data.LoaderState | undefined
      await take(stopped, position, () => (state = copy(stopped.stateDict())))
      t.equal(state!.position, position)
      t.same(copy(stopped.stateDict()), state, 'leaving a loop does not move it')
      const resumed = make()
      resumed.loadStateDict(state!)
      t.same(copy(resumed.stateDict()), state)
      t.same(await take(resumed), second.slice(position), `${name} after ${position} batches`)
      t.same(await take(resumed), third)
      t.ok(name === 'sequential' || name === 'of a stream' || String(first) !== String(second))
    }
})

t.test('between epochs the next one is the same too', async (t) => {
  const loader = shuffled()
  await take(loader)
  const state = copy(loader.stateDict())
  t.equal(state.position, 0)
  const resumed = shuffled()
  resumed.loadStateDict(state)
  t.same(await take(resumed), await take(loader))
})

t.test('random numbers that others draw from the default generator do not disturb it', async (t) => {
  const make = () => shuffled({ generator: undefined })
  manualSeed(1)
  const loader = make()
  let state: data.LoaderState | undefined
  await take(loader, 2, () => {
    defaultGenerator.take(7)
    state = copy(loader.stateDict())
  })
  const next = await take(make()) // a fresh epoch from here
  manualSeed(2)
  const resumed = make()
  resumed.loadStateDict(state!)
  t.equal((await take(resumed)).length, 2)
  t.same(await take(resumed), next)
})

t.test('states that do not fit are refused', (t) => {
  const loader = shuffled()
  const state = loader.stateDict()
  for (const position of [-1, 1.5, 5, undefined, '1'])
    t.throws(() => loader.loadStateDict({ ...state, position: position as number }), {
      code: 'ERR_FORMAT',
      message: /^DataLoader: expected a position from 0 to 4, got/,
    })
  t.throws(() => loader.loadStateDict({ position: 1 }), {
    code: 'ERR_FORMAT',
    message: 'DataLoader: expected the state of a loader in random order, got one in fixed order',
  })
  t.throws(() => shuffled({ shuffle: false }).loadStateDict(state), {
    code: 'ERR_FORMAT',
    message: /got one in random/,
  })
  t.end()
})
