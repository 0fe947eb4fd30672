import t from 'tap'
import { nn, optim, tensor, zeros } from 'convcore'
import { fixture } from '../fixture.js'
import { makers, type OptimizerName } from './makers.js'

const { lrScheduler } = optim

interface Spec {
  kind: string
  args: unknown[]
  options: Record<string, unknown>
  optimizer: OptimizerName
}

interface Run extends Spec {
  /** Of each group at each step, from before the first. */
  lrs: number[][]
  momenta: number[]
  weights: number[]
}

const { lrs, metrics, runs } = await fixture<{ lrs: number[]; metrics: number[]; runs: Run[] }>('schedulers')

type Scheduler = optim.lrScheduler.LRScheduler | optim.lrScheduler.ReduceLROnPlateau
type Constructor = new (...args: unknown[]) => Scheduler

const isSpecs = (value: unknown): value is Spec[] => Array.isArray(value) && typeof value[0] === 'object'

function make(optimizer: optim.AnyOptimizer, { kind, args, options }: Spec): Scheduler {
  const values = args.map((value) => {
    if (value === 'inverse') return (step: number) => 1 / (1 + step)
    return isSpecs(value) ? value.map((spec) => make(optimizer, spec)) : value
  })
  const constructor = lrScheduler[kind as keyof typeof lrScheduler] as unknown as Constructor
  if (kind === 'ChainedScheduler') return new constructor(...values)
  return new constructor(optimizer, ...values, ...(Object.keys(options).length ? [options] : []))
}

/** An optimizer of two groups of one weight each, and its scheduler. */
function setUp(run: Spec) {
  const weights = [1, -2].map((value) => new nn.Parameter(tensor([value], { dtype: 'float64' })))
  const groups = weights.map((p, i) => ({ params: [p], lr: lrs[i]! }))
  const optimizer = makers[run.optimizer](groups as never, run.optimizer === 'SGD' ? { momentum: 0.5 } : {})
  const scheduler = make(optimizer, run)
  const read = () => optimizer.paramGroups.map((group) => group.lr)
  const step = (i: number) => {
    for (const p of weights) p.grad = tensor([2 * p.itemSync()], { dtype: 'float64' })
    optimizer.step()
    if (scheduler instanceof lrScheduler.ReduceLROnPlateau) scheduler.step(metrics[i]!)
    else scheduler.step()
    return read()
  }
  return { optimizer, scheduler, weights, read, step }
}

const momentaOf = (optimizer: optim.AnyOptimizer) =>
  (optimizer.paramGroups as readonly (optim.OptimizerOptions & { momentum?: number; betas?: number[] })[]).map(
    ({ momentum, betas }) => momentum ?? betas![0]!,
  )

const distance = (a: number[], b: number[]) => Math.max(...a.map((v, i) => Math.abs(v - b[i]!)))

const title = ({ kind, args, options }: Spec): string =>
  `${kind} ${JSON.stringify([...args.map((arg) => (isSpecs(arg) ? arg.map((spec) => spec.kind) : arg)), options])}`

for (const run of runs)
  t.test(`L5.3: ${title(run)} with ${run.optimizer} follows PyTorch for 20 steps`, async (t) => {
    const { optimizer, scheduler, weights, read, step } = setUp(run)
    const found = [read(), ...run.lrs.slice(1).map((_, i) => step(i))]
    t.equal(found.length, 21)
    for (const [i, expected] of run.lrs.entries())
      t.ok(distance(found[i]!, expected) < 1e-15, `step ${i}: ${found[i]!.join()} for ${expected.join()}`)
    t.same(scheduler.getLastLr(), read())
    t.equal(scheduler.lastEpoch, 20)
    t.ok(distance(momentaOf(optimizer), run.momenta) < 1e-15)
    const moved = weights.map((p) => p.itemSync())
    t.ok(distance(moved, run.weights) < 1e-12, `${moved.join()} for ${run.weights.join()}`)
  })

t.test('every scheduler goes on from a saved state as if it had never stopped', async (t) => {
  for (const run of runs) {
    const [first, second] = [setUp(run), setUp(run)]
    for (let i = 0; i < 7; i++) first.step(i)
    const saved = [first.optimizer.stateDict(), JSON.parse(JSON.stringify(first.scheduler.stateDict()))] as const
    for (const [i, p] of second.weights.entries()) p.copy_([first.weights[i]!.itemSync()])
    second.optimizer.loadStateDict(saved[0])
    second.scheduler.loadStateDict(saved[1] as never)
    t.same(second.scheduler.getLastLr(), first.scheduler.getLastLr())
    for (let i = 7; i < 20; i++) t.same(second.step(i), first.step(i), title(run))
    t.same(momentaOf(second.optimizer), momentaOf(first.optimizer))
    t.equal(second.weights[0]!.itemSync(), first.weights[0]!.itemSync())
  }
})

const sgd = () => new optim.SGD([new nn.Parameter(zeros([1]))], { lr: 1 })

t.test('a state that does not fit is refused with all differences', async (t) => {
  const optimizer = sgd()
  const scheduler = new lrScheduler.SequentialLR(
    optimizer,
    [new lrScheduler.LinearLR(optimizer), new lrScheduler.StepLR(optimizer, 2)],
    [3],
  )
  const saved = scheduler.stateDict()
  const load = (state: object) => () => scheduler.loadStateDict(state as never)
  t.throws(load({ lastEpoch: '1', lastLr: [1, 2], schedulers: [{ ...saved.schedulers![0], lastLr: 3 }, null] }), {
    name: 'FormatError',
    message: [
      'loadStateDict: expected the state of SequentialLR, got one with 4 differences:',
      '  lastEpoch: expected a number, got "1"',
      '  lastLr: expected 1 numbers, got [1, 2]',
      '  schedulers.0: lastLr: expected 1 numbers, got 3',
      '  schedulers.1: expected an object, got null',
    ].join('\n'),
  })
  t.throws(load({ ...saved, lastEpoch: -1 }), /lastEpoch: expected a whole number from 0 on, got -1/)
  t.throws(load([]), /expected an object, got \[\]/)
  t.equal(scheduler.lastEpoch, 0)
  const plateau = new lrScheduler.ReduceLROnPlateau(optimizer)
  t.throws(() => plateau.loadStateDict({ lastEpoch: 1 } as never), /3 differences/)
})

t.test('options out of range are refused', async (t) => {
  const optimizer = sgd()
  const adagrad = new optim.Adagrad([new nn.Parameter(zeros([1]))])
  const s = lrScheduler
  const refused: [() => unknown, string | RegExp][] = [
    [() => new s.StepLR(optimizer, 0), 'StepLR: expected stepSize to be a positive integer, got 0'],
    [() => new s.StepLR(optimizer, 1, { gamma: 0 }), 'StepLR: expected gamma > 0, got 0'],
    [() => new s.MultiStepLR(optimizer, [1.5]), /expected milestones to be a non-negative integer, got 1.5/],
    [() => new s.ExponentialLR(optimizer, NaN), 'ExponentialLR: expected gamma > 0, got NaN'],
    [() => new s.LinearLR(optimizer, { startFactor: 2 }), 'LinearLR: expected startFactor from 0 to 1, got 2'],
    [() => new s.ConstantLR(optimizer, { factor: 0 }), 'ConstantLR: expected factor > 0, got 0'],
    [() => new s.CosineAnnealingLR(optimizer, 0), /expected tMax to be a positive integer, got 0/],
    [() => new s.CosineAnnealingWarmRestarts(optimizer, 2, { tMult: 0.5 }), /expected tMult to be a positive integer/],
    [() => new s.OneCycleLR(optimizer, 1), 'OneCycleLR: expected totalSteps, or epochs and stepsPerEpoch, got neither'],
    [() => new s.OneCycleLR(optimizer, [1, 2], { totalSteps: 3 }), /expected maxLr for each of 1 groups, got 2/],
    [() => new s.OneCycleLR(adagrad, 1, { totalSteps: 3 }), /expected an optimizer with momentum or betas/],
    [() => new s.ReduceLROnPlateau(optimizer, { factor: 1 }), 'ReduceLROnPlateau: expected factor < 1, got 1'],
    [() => new s.ReduceLROnPlateau(optimizer, { mode: 'mid' as never }), /expected mode to be one of min, max/],
    [() => new s.LambdaLR(optimizer, []), 'LambdaLR: expected functions for each of 1 groups, got 0'],
    [() => new s.LambdaLR(optimizer, () => NaN), 'LambdaLR: expected a finite learning rate, got NaN'],
    [() => new s.SequentialLR(optimizer, [], []), /expected one milestone fewer than schedulers, got 0 for 0/],
    [
      () => new s.SequentialLR(optimizer, [1, 2, 3].map((n) => new s.StepLR(optimizer, n)), [5, 5]), // prettier-ignore
      'SequentialLR: expected milestones that rise, got 5, 5',
    ],
    [
      () => new s.ChainedScheduler([new s.StepLR(optimizer, 1), new s.StepLR(adagrad, 1)]),
      'ChainedScheduler: expected schedulers of its optimizer, got a StepLR of another',
    ],
    [() => new s.ChainedScheduler([]), 'ChainedScheduler: expected at least one scheduler, got none'],
  ]
  for (const [call, message] of refused) t.throws(call, { name: 'RangeError', message })
  const wrong: [() => unknown, string][] = [
    [() => new s.StepLR(3 as never, 1), 'StepLR: expected an optimizer, got 3'],
    [() => new s.LambdaLR(optimizer, 3 as never), 'LambdaLR: expected functions, got 3'],
    [
      () => new s.ChainedScheduler([new s.ReduceLROnPlateau(optimizer) as never]),
      'ChainedScheduler: expected schedulers whose step() takes nothing, got an instance of ReduceLROnPlateau',
    ],
    [
      () => new s.ReduceLROnPlateau(optimizer).step(tensor([1]) as never),
      'ReduceLROnPlateau: expected a number, got an instance of Tensor',
    ],
  ]
  for (const [call, message] of wrong) t.throws(call, { name: 'TypeError', message })
})

t.test('a cycle has an end, and a group that came later is noticed', async (t) => {
  const optimizer = sgd()
  const cycle = new lrScheduler.OneCycleLR(optimizer, 1, { totalSteps: 2 })
  cycle.step()
  cycle.step()
  t.throws(() => cycle.step(), { name: 'RangeError', message: 'OneCycleLR: expected at most 2 steps, got one more' })
  const step = new lrScheduler.StepLR(optimizer, 1)
  optimizer.addParamGroup({ params: [new nn.Parameter(zeros([1]))] })
  t.throws(() => step.step(), /expected as many groups as at its start, 1, got 2/)
})
