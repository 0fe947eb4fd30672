import t from 'tap'
import { capture, crossEntropy, manualSeed, nn, noGrad, ones, optim, relu, tensor, type Tensor } from 'convcore'
import { CLASSES, labels, network, images, values, weights, training, type Step } from './training.js'

t.test('training and evaluation mode, noGrad, frozen and replaced parameters are followed', (t) => {
  const { model } = training()
  const calls = capture((x: Tensor) => model(x))
  const check = (what: string) => {
    const x = images(4)
    for (let i = 0; i < 4; i++) {
      manualSeed(5)
      const expected = values(model(x))
      manualSeed(5)
      t.same(values(calls(x)), expected, what)
    }
  }
  model.eval()
  check('evaluation')
  check('evaluation, again')
  t.equal(calls.plans, 1)
  noGrad(() => check('noGrad'))
  model.getParameter('0.weight').requiresGrad = false
  check('frozen')
  const before = calls.plans
  model.getParameter('0.weight').requiresGrad = true
  check('all as before')
  model.loadStateDict(network().stateDict())
  check('loaded')
  t.equal(calls.plans, before)
  Object.assign(model, { 6: new nn.Linear(6 * 16, CLASSES) })
  check('another head')
  model.train()
  check('training')
  t.equal(calls.plans, before + 2)
  t.end()
})

t.test('recordings are kept up to a limit', (t) => {
  const step = capture((x: Tensor) => relu(x), { maxPlans: 2 })
  for (let n = 1; n < 5; n++)
    for (let i = 0; i < 3; i++) t.same(values(step(tensor(Array<number>(n).fill(i)))), Array<number>(n).fill(i))
  t.equal(step.plans, 2)
  t.end()
})

t.test('options that change, groups that are added and states that are loaded are followed', (t) => {
  type Made = Pick<ReturnType<typeof training>, 'model' | 'optimizer'> & { extra: Tensor }
  const changes: Record<string, (made: Made, i: number) => void> = {
    momentum: ({ optimizer }, i) => Object.assign(optimizer.paramGroups[0]!, { momentum: 0.9 - 0.1 * i }),
    'momentum on and off': ({ optimizer }, i) =>
      Object.assign(optimizer.paramGroups[0]!, { momentum: i % 4 < 2 ? 0.5 : 0 }),
    'the chance of dropout': ({ model }, i) => Object.assign(model.getSubmodule('4'), { p: i < 4 ? 0.3 : 0.1 }),
    'a group': ({ optimizer, extra }, i) => i === 4 && optimizer.addParamGroup({ params: [extra], lr: 1 }),
    'a state': ({ optimizer }, i) => i === 5 && optimizer.loadStateDict(optimizer.stateDict()),
  }
  for (const [name, change] of Object.entries(changes)) {
    const [plain, captured] = [false, true].map((on) => {
      manualSeed(3)
      const model = network()
      const extra = ones([CLASSES])
      extra.requiresGrad = true
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })
      const plainStep: Step = (x, y) => {
        optimizer.zeroGrad()
        extra.grad = undefined
        const loss = crossEntropy(model(x).add(extra), y)
        loss.backward()
        optimizer.step()
        return loss.detach()
      }
      const step = on ? capture(plainStep) : plainStep
      for (let i = 0; i < 10; i++) {
        change({ model, optimizer, extra }, i)
        step(images(6), labels(6))
      }
      return [weights(model), values(extra)]
    })
    t.same(captured, plain, name)
  }
  t.end()
})
