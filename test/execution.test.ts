import t from 'tap'
import { crossEntropy, indexSelect, nn, ones, optim, randn, scope, sync, tensor, zeros } from 'convcore'

const badLabels = () => tensor(Int32Array.of(0, 9))

t.test('an op that fails while it runs is named by the wait that reads its result', async (t) => {
  const loss = crossEntropy(zeros([2, 3]), badLabels())
  await t.rejects(loss.item(), {
    name: 'ExecutionError',
    code: 'ERR_EXECUTION',
    message: /cross_entropy: expected class index in \[0, 3\), got 9/,
  })
  t.throws(() => loss.itemSync(), { name: 'ExecutionError' })
})

t.test('what was computed from a failed result fails too, and nothing else does', async (t) => {
  const fine = ones([2])
  const broken = indexSelect(zeros([3, 2]), 0, Int32Array.of(7))
  const descendant = broken.add(1).mul(fine)
  t.same([...(await fine.data())], [1, 1])
  await t.rejects(descendant.data(), { name: 'ExecutionError', message: /index_select: expected indices/ })
  t.same([...(await fine.add(1).data())], [2, 2])
  await sync()
})

t.test('a tensor that is overwritten is well again', async (t) => {
  const x = indexSelect(zeros([3]), 0, Int32Array.of(3))
  await t.rejects(x.data(), { name: 'ExecutionError' })
  x.copy_([5])
  t.equal(await x.item(), 5)
})

t.test('a step on a bad batch poisons the gradients, and leaves weights as they were', async (t) => {
  const model = new nn.Sequential(new nn.Linear(4, 3), new nn.BatchNorm1d(3))
  const weight = model.stateDict()['0.weight']!
  const before = await weight.data()
  const optimizer = new optim.Adam(model.parameters())
  crossEntropy(model(randn([2, 4])), badLabels()).backward()
  optimizer.step()
  await t.rejects([...model.parameters()][0]!.grad!.data(), { name: 'ExecutionError', message: /cross_entropy/ })
  t.same(await weight.data(), before)
  optimizer.zeroGrad()
  crossEntropy(model(randn([2, 4])), tensor(Int32Array.of(0, 1))).backward()
  optimizer.step()
  t.notSame(await weight.data(), before)
})

t.test('arrays over shared memory are copied like others', async (t) => {
  const shared = new Float32Array(new SharedArrayBuffer(8))
  shared.set([1, 2])
  t.same([...(await tensor(shared).data())], [1, 2])
})

t.test('more ops than the queue holds are enqueued and run in order', async (t) => {
  const total = scope(() => {
    const one = ones([1])
    let sum = zeros([1])
    for (let i = 0; i < 20_000; i++) sum = sum.add(one)
    return sum
  })
  t.equal(await total.item(), 20_000)
})

t.test('data that is written behind queued work does not overtake it', async (t) => {
  const reads: Promise<number>[] = []
  for (let i = 0; i < 500; i++) {
    // Each block is most likely the one that the last round gave back.
    const x = tensor(Float32Array.from({ length: 1000 }, () => i))
    reads.push(x.sum().item())
    x.dispose()
  }
  t.same(
    await Promise.all(reads),
    reads.map((_, i) => 1000 * i),
  )
})

t.test('copies between devices wait for each other', async (t) => {
  for (let i = 0; i < 100; i++) {
    const there = scope(() => {
      const here = tensor(Float32Array.from({ length: 500 }, () => i))
      return here.add(1).to('cpu:1').add(1).to('cpu:0').add(1).to('cpu:1')
    })
    t.equal(there.device, 'cpu:1')
    t.equal(await there.sum().item(), 500 * (i + 3))
    there.dispose()
  }
})

t.test('reading turns the event loop', async (t) => {
  let turns = 0
  const count = () => {
    turns++
    immediate = setImmediate(count)
  }
  let immediate = setImmediate(count)
  const x = ones([1])
  for (let i = 0; i < 100; i++) await x.item()
  clearImmediate(immediate)
  t.ok(turns >= 100)
})
