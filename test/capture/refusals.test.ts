import t from 'tap'
import { capture, Generator, nn, optim, tensor, type Tensor, train } from 'convcore'
import { images, training } from './training.js'

t.test('misuse is told at the first call', (t) => {
  const x = tensor([1])
  t.throws(() => capture(7 as never), /capture: expected a function, got 7/)
  t.throws(() => capture((x: Tensor) => x, { maxPlans: 0 }), /capture: expected maxPlans to be an integer ≥ 1, got 0/)
  t.throws(() => capture((x: Tensor) => x)(3 as never), /capture: expected tensors as inputs, got 3/)
  t.throws(() => capture((async (x: Tensor) => x) as never)(x), /capture: expected a synchronous function/)
  t.throws(() => capture((x: Tensor) => [x, 5] as never)(x), /capture: expected a step that gives tensors.*got 5/)
  t.throws(() => capture((x: Tensor) => tensor([x.itemSync()]))(x), {
    code: 'ERR_CAPTURE',
    message: /dataSync: expected no reading of values in a captured step/,
  })
  const leaf = tensor([1])
  leaf.requiresGrad = true
  t.throws(() => capture((x: Tensor) => x)(leaf), /capture: expected input 0 off the tape/)
  t.throws(
    () => capture((x: Tensor, y: Tensor) => x.add(y))(x, tensor([1], { device: 'cpu:1' })),
    /capture: expected all inputs on one device, got c\w+:0 and cpu:1/,
  )
  const crossing = capture((x: Tensor) => x.to('cpu:1'))
  crossing(x)
  t.throws(() => crossing(x), { code: 'ERR_CAPTURE', message: /expected the captured step to stay on c\w+:0.*cpu:1/ })
  t.throws(() => crossing(x.add(leaf)), /off the tape/)
  t.end()
})

t.test('what JavaScript does anew in every step is refused, not forgotten', (t) => {
  const x = tensor([1])
  const { optimizer } = training()
  const schedule = new optim.lrScheduler.ExponentialLR(optimizer, 0.8)
  const scaler = new optim.GradScaler()
  const steps: Record<string, [step: (x: Tensor) => Tensor | undefined, message: RegExp]> = {
    'a scheduler': [
      (x) => {
        schedule.step()
        return x
      },
      /scheduler.step: expected no step of a scheduler/,
    ],
    'a scaler': [(x) => scaler.scale(x), /GradScaler.scale: expected no factor that changes/],
    'random numbers': [(x) => x.mul(new Generator(1).random()), /Generator: expected no number drawn in JavaScript/],
  }
  for (const [name, [step, message]] of Object.entries(steps))
    t.throws(() => capture(step)(x), { code: 'ERR_CAPTURE', message }, name)
  t.end()
})

t.test('results are off the tape', (t) => {
  const { model } = training()
  const calls = capture((x: Tensor) => model(x))
  for (let i = 0; i < 3; i++) t.throws(() => calls(images(2)).sum().backward(), { code: 'ERR_AUTOGRAD' })
  t.end()
})

t.test('a trainer refuses to capture what waits for values', (t) => {
  const { model, optimizer } = training()
  const loss = new nn.CrossEntropyLoss()
  t.throws(
    () => new train.Trainer(model, { optimizer, loss, capture: true, accumulate: 2 }),
    /no accumulation with capture/,
  )
  t.throws(() => new train.Trainer(model, { optimizer, loss, capture: true, autocast: {} }), /no float16 with capture/)
  t.end()
})
