import {
  add,
  autocast,
  backends,
  cuda,
  type DeviceLike,
  getDefaultDevice,
  indexSelect,
  isAutocastEnabled,
  matmul,
  nn,
  ones,
  optim,
  setDefaultDevice,
  sync,
  tensor,
  zeros,
} from 'convcore'
import t from 'tap'

const onCpu = (values: number[]) => tensor(values, { device: 'cpu' })

t.test('devices have names, and others are refused', async (t) => {
  t.equal(ones([1], { device: 'cpu' }).device, 'cpu:0')
  t.equal(ones([1], { device: 'cpu:1' }).device, 'cpu:1')
  const wrong = { name: 'DeviceError', code: 'ERR_DEVICE' }
  const refused = ['gpu', 'cpu:-1', 'cpu:x', 'cuda:', 'cpu:0.5', 7, null] as unknown as DeviceLike[]
  for (const device of refused)
    t.throws(() => ones([1], { device }), { ...wrong, message: /expected a device such as 'cpu'.*, got / }, device)
  t.throws(() => ones([1], { device: 'cpu:8' }), { ...wrong, message: /from 'cpu:0' to 'cpu:7', got "cpu:8"/ })
})

t.test('mixed devices are named, with the op', async (t) => {
  t.throws(() => add(onCpu([1]), ones([1], { device: 'cpu:1' })), {
    name: 'DeviceError',
    message: 'add: expected all tensors on one device, got a on cpu:0 and b on cpu:1',
  })
})

t.test('the default device is where tensors and parameters are made', async (t) => {
  const before = getDefaultDevice()
  t.teardown(() => setDefaultDevice(before))
  setDefaultDevice('cpu:2')
  t.equal(getDefaultDevice(), 'cpu:2')
  t.equal(zeros([2]).device, 'cpu:2')
  t.equal(new nn.BatchNorm1d(3).runningMean!.device, 'cpu:2')
  t.equal(new nn.Linear(2, 3).weight.device, 'cpu:2')
  t.equal(onCpu([1]).device, 'cpu:0', 'unless another one is named')
  t.throws(() => setDefaultDevice('cpu:9'), { name: 'DeviceError' })
  t.equal(getDefaultDevice(), 'cpu:2')
})

t.test('CUDA where there is none says what was tried', { skip: cuda.isAvailable() && 'there is one' }, async (t) => {
  t.equal(cuda.deviceCount(), 0)
  const reason = cuda.unavailableReason()!
  t.match(reason, /built without CUDA|asked the CUDA runtime \d+\.\d+, /)
  const refused = { name: 'DeviceError', code: 'ERR_DEVICE', message: new RegExp(reason.slice(0, 20)) }
  t.throws(() => ones([1], { device: 'cuda' }), refused)
  t.throws(() => onCpu([1]).to('cuda:1'), refused)
  t.throws(() => new nn.Linear(1, 1).to('cuda'), refused)
  t.throws(() => setDefaultDevice('cuda'), refused)
  t.throws(() => cuda.properties(), refused)
  t.throws(() => new cuda.Event(), refused)
})

t.test('half precision is for CUDA', async (t) => {
  for (const dtype of ['float16', 'bfloat16'] as const) {
    const refused = {
      name: 'DTypeError',
      code: 'ERR_DTYPE',
      message: new RegExp(`CUDA device for ${dtype}, got cpu:0`),
    }
    t.throws(() => zeros([1], { dtype, device: 'cpu' }), refused)
    t.throws(() => onCpu([1]).to(dtype), refused)
    t.throws(() => new nn.Linear(1, 1, { device: 'cpu' }).to(dtype), refused)
  }
})

t.test('autocast leaves the CPU alone', async (t) => {
  const a = tensor([[1, 2]], { device: 'cpu' })
  const y = autocast({ dtype: 'bfloat16' }, () => {
    t.equal(isAutocastEnabled(), true)
    return matmul(a, a, { transposeB: true })
  })
  t.equal(y.dtype, 'float32')
  t.equal(await y.item(), 5)
  t.equal(isAutocastEnabled(), false)
  t.throws(() => autocast({ dtype: 'float32' as 'float16' }, () => 1), {
    name: 'DTypeError',
    message: /autocast.*float16/,
  })
  t.throws(() => autocast<unknown>({}, () => Promise.resolve(1)), {
    name: 'TypeError',
    message: /autocast.*synchronous/,
  })
  t.equal(isAutocastEnabled(), false, 'also after an error')
})

t.test('settings are booleans, off at first', async (t) => {
  t.equal(cuda.isTF32Allowed(), false)
  t.equal(backends.cuda.benchmark, false)
  cuda.setAllowTF32(true)
  backends.cuda.benchmark = true
  t.same([cuda.isTF32Allowed(), backends.cuda.benchmark], [true, true])
  cuda.setAllowTF32(false)
  backends.cuda.benchmark = false
  t.throws(() => cuda.setAllowTF32('yes' as never), { name: 'TypeError', message: /setAllowTF32.*boolean/ })
  t.throws(() => (backends.cuda.benchmark = 1 as never), { name: 'TypeError', message: /benchmark.*boolean/ })
})

t.test('events time what is enqueued between them', async (t) => {
  const [start, end, other] = [new cuda.Event('cpu'), new cuda.Event('cpu'), new cuda.Event('cpu:1')]
  await t.rejects(start.elapsedTime(end), { name: 'DeviceError', message: /recorded/ })
  start.record()
  const x = ones([300, 300], { device: 'cpu' })
  matmul(x, x)
  end.record()
  other.record()
  const milliseconds = await start.elapsedTime(end)
  t.ok(milliseconds > 0 && milliseconds < 10_000, `${milliseconds} ms`)
  await t.rejects(start.elapsedTime(other), { name: 'DeviceError', message: /cpu:0 and cpu:1/ })
})

t.test('sync waits for a device', async (t) => {
  const x = ones([1000], { device: 'cpu:1' }).add(1)
  await sync('cpu:1')
  t.equal(x.dataSync()[999], 2)
})

t.test('a gradient scaler needs sane options', async (t) => {
  for (const wrong of [{ initScale: 0 }, { growthFactor: 1 }, { backoffFactor: 1 }, { growthInterval: 0 }])
    t.throws(
      () => new optim.GradScaler(wrong),
      { name: 'RangeError', message: /GradScaler/ },
      Object.keys(wrong).join(),
    )
})

t.test('a gradient scaler leaves out steps that overflow, and adapts', async (t) => {
  const p = new nn.Parameter(onCpu([1, 2]))
  const optimizer = new optim.SGD([p], { lr: 1 })
  const scaler = new optim.GradScaler({ initScale: 8, growthInterval: 2 })
  const step = async (gradient: number[]) => {
    p.grad = onCpu(gradient.map((g) => g * scaler.getScale()))
    const stepped = await scaler.step(optimizer)
    scaler.update()
    return stepped
  }
  t.equal(await step([0.5, 1]), true)
  t.same([...(await p.data())], [0.5, 1], 'by the gradients as they are without the factor')
  t.equal(scaler.getScale(), 8)
  t.equal(await step([Infinity, 1]), false)
  t.same([...(await p.data())], [0.5, 1])
  t.equal(scaler.getScale(), 4)
  t.equal(await step([NaN, 1]), false)
  await step([0, 0])
  t.equal(scaler.getScale(), 2)
  await step([0, 0])
  t.equal(scaler.getScale(), 4, 'two good steps double it')

  p.grad = onCpu([4, 8])
  scaler.unscale_(optimizer)
  t.same([...(await p.grad.data())], [1, 2], 'unscale_ divides now')
  t.throws(() => scaler.unscale_(optimizer), /one call per optimizer/)
  await scaler.step(optimizer)
  t.same([...(await p.data())], [-0.5, -1])
  scaler.update()
  t.throws(() => scaler.update(), /expected a step\(\)/)

  const copy = new optim.GradScaler()
  copy.loadStateDict(scaler.stateDict())
  t.same(copy.stateDict(), scaler.stateDict())
  t.throws(() => copy.loadStateDict({ ...scaler.stateDict(), scale: NaN }), { name: 'RangeError' })
  const off = new optim.GradScaler({ enabled: false })
  t.equal(off.scale(p), p)
  p.grad = onCpu([1, 1])
  t.equal(await off.step(optimizer), true)
  off.update()
})

t.test(
  'a gradient scaler is well again after a gradient whose op failed, and forgets when it is put back',
  async (t) => {
    const p = new nn.Parameter(onCpu([1, 2]))
    const optimizer = new optim.SGD([p], { lr: 1 })
    const scaler = new optim.GradScaler({ initScale: 8 })
    p.grad = indexSelect(onCpu([1]), 0, Int32Array.of(3, 3))
    await t.rejects(scaler.step(optimizer), { name: 'ExecutionError' })
    t.throws(() => scaler.update(), /expected a step\(\)/, 'no step was taken')
    p.grad = onCpu([4, 8])
    t.equal(await scaler.step(optimizer), true)
    t.same([...(await p.data())], [0.5, 1])
    scaler.loadStateDict(scaler.stateDict())
    t.throws(() => scaler.update(), /expected a step\(\)/)
    p.grad = onCpu([4, 8])
    t.equal(await scaler.step(optimizer), true)
    t.same([...(await p.data())], [0, 0], 'unscaled anew')
  },
)
