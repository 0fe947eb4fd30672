import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { data, manualSeed, memory, rand, type train } from 'convcore'
import { dashboard } from 'convcore/dashboard'
import { settle } from '../garbage.js'
import { ask, Listener, trainDigits } from './page.js'

t.test('the page is for who has its address, which nobody can guess', async (t) => {
  await using board = await dashboard()
  const { url } = board
  const { origin, pathname } = new URL(url)
  t.match(url, /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/)
  t.equal((await ask(url)).status, 200)
  const wrong = pathname.replace(/^\/./, (start) => (start === '/0' ? '/1' : '/0'))
  for (const path of [
    '/',
    '/index.html',
    '/events',
    wrong,
    `${wrong}events`,
    pathname.slice(0, -2),
    `//${pathname}`,
    `/x/..${pathname}`,
  ])
    // prettier-ignore
    t.equal((await ask(origin + path)).status, path.startsWith('/x') ? 200 : 403, path) // the client resolves /x/..
  await using other = await dashboard()
  t.not(pathname, new URL(other.url).pathname, 'another one for each')
})

t.test('names that others have pointed here are refused', async (t) => {
  await using board = await dashboard()
  const { url } = board
  const status = async (host: string) => (await ask(url, { headers: { host } })).status
  for (const host of ['127.0.0.1', new URL(url).host, 'localhost:8080', 'LOCALHOST']) t.equal(await status(host), 200, host) // prettier-ignore
  for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:80', 'a@127.0.0.1', '[::1]'])
    t.equal(await status(host), 403, host)
})

t.test('it listens on the loopback alone, and answers what it has', async (t) => {
  await using board = await dashboard()
  const { url } = board
  for (const [name, type] of Object.entries({
    '': 'text/html; charset=utf-8',
    'style.css': 'text/css; charset=utf-8',
    'main.js': 'text/javascript; charset=utf-8',
  })) {
    const { status, headers } = await ask(url + name)
    t.same([status, headers['content-type']], [200, type])
    t.match(headers, {
      'content-security-policy': /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; /, // prettier-ignore
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    })
    t.notMatch(headers['content-security-policy'], /unsafe|\*|http/)
  }
  for (const name of [
    'pixels/',
    'pixels/samples-1',
    '../index.html',
    '%2e%2e/package.json',
    'favicon.ico',
    'constructor',
  ])
    t.equal((await ask(url + name)).status, /^(\.\.|%2e%2e)/.test(name) ? 403 : 404, name)
  const { status, headers } = await ask(url, { method: 'POST' })
  t.same([status, headers.allow], [405, 'GET, HEAD'])
  t.equal((await ask(url, { method: 'HEAD' })).body.length, 0)
  t.equal((await ask(`${url}events`, { method: 'HEAD' })).status, 200)
})

t.test('the page asks for nothing from elsewhere', async (t) => {
  await using board = await dashboard()
  for (const name of ['', 'style.css', 'parts.css', 'main.js']) {
    const text = (await ask(board.url + name)).body.toString()
    const addresses = text.match(/\bhttps?:\/\/[^\s'"`)]+/g) ?? []
    t.same(addresses.filter((address) => address !== 'http://www.w3.org/2000/svg'), [], name) // prettier-ignore
    t.notMatch(text, /\binnerHTML\b|insertAdjacentHTML|document\.write|\beval\b|@import/, name)
  }
})

t.test('who comes late is told all, who listens what is new', async (t) => {
  const samples = data.digits({ count: 30, split: 'test' })
  await using board = await dashboard({ title: 'Digits', samples, sampleCount: 6, featureMaps: ['0'], hyperparameters: { seed: 1 } }) // prettier-ignore
  const early = new Listener(board.url)
  const first = await early.until(({ fresh }) => fresh === true)
  t.match(first, { title: 'Digits', status: { state: 'waiting' }, steps: [], epochs: [] })
  const { history } = await trainDigits([board])
  await early.until(({ status }) => status?.state === 'done')
  const late = new Listener(board.url)
  const all = await late.until(({ fresh }) => fresh === true)
  t.match(all, {
    title: 'Digits',
    status: { state: 'done', epoch: 2, epochs: 2, batch: 5, batches: 5 },
    settings: { model: 'Sequential', optimizer: 'Adam', lr: 0.01, seed: 1 },
    model: /^Sequential\(/,
    samples: { epoch: 2, pixels: { width: 28, height: 6 * 28 } },
    maps: { epoch: 2, layers: [{ path: '0', pixels: { width: 2 * 13 + 1, height: 2 * 13 + 1 } }] },
    confusion: { epoch: 2, classes: samples.classes },
  })
  t.same(all.steps!.map(({ step }) => step), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) // prettier-ignore
  for (const { figures, learningRates, memory } of all.steps!) {
    t.ok(figures.loss! > 0)
    t.same(learningRates, [0.01])
    t.ok(memory.live! > 0 && memory.peak! >= memory.live! && memory.resident! > memory.live!)
  }
  t.same(
    all.epochs!.map(({ step, training, validation }) => [step, training.loss, validation.accuracy]),
    history.map((record, i) => [5 * (i + 1), record.loss, record.validationAccuracy]),
  )
  const told = early.told.slice(early.told.findLastIndex(({ fresh }) => fresh))
  t.same(told.flatMap(({ steps = [] }) => steps), all.steps, 'piece by piece the same') // prettier-ignore
  t.same(told.findLast(({ samples }) => samples)?.samples, all.samples)
  const counts = all.confusion!.counts.flat()
  t.equal(counts.reduce((a, b) => a + b), 40) // prettier-ignore
  for (const { label, answer, right, probability } of all.samples!.samples) {
    t.equal(right, label === answer)
    t.ok(probability! >= 0.1 && probability! <= 1)
  }
  for (const { id, width, height } of [all.samples!.pixels, all.maps!.layers[0]!.pixels])
    t.equal((await ask(`${board.url}pixels/${id}`)).body.length, 3 * width * height)
  late.leave()
})

t.test('a board shows one run after the other, and why one failed', async (t) => {
  await using board = await dashboard()
  await trainDigits([board], { epochs: 1 })
  const fail = { onEpochEnd: () => Promise.reject(new Error('enough')) }
  await t.rejects(trainDigits([board, fail], { epochs: 3 }), { message: 'enough' })
  const listener = new Listener(board.url)
  const all = await listener.until(({ fresh }) => fresh === true)
  t.match(all.status, { state: 'failed', reason: 'enough', epoch: 1, epochs: 3 })
  t.equal(all.steps!.length, 5)
})

t.test('watching changes nothing of a run, and keeps no tensors', async (t) => {
  const digits = data.digits({ count: 8 })
  const get = (i: number) => [digits.get(i)[0].add(rand([1, 28, 28])), digits.get(i)[1]] as const
  const run = async (callbacks: train.Callback[]) => {
    manualSeed(3)
    const { model } = await trainDigits(callbacks)
    const [weight] = model.parameters()
    return weight!.sum().item()
  }
  await settle()
  const before = memory().tensors
  {
    await using board = await dashboard({ samples: { length: 8, get }, featureMaps: ['0', '1'] })
    t.equal(await run([board]), await run([]))
  }
  await settle()
  t.equal(memory().tensors, before)
})

t.test('close ends what is open, at once', async (t) => {
  const board = await dashboard()
  const listener = new Listener(board.url)
  await listener.until(({ fresh }) => fresh === true)
  await board.close()
  await listener.ended
  await t.rejects(ask(board.url), { code: 'ECONNREFUSED' })
  await board.close()
})

t.test('it does not keep a process alive, and a page that is open hears the end', async (t) => {
  const program = `
    import { data, nn, optim, train } from 'convcore'
    import { dashboard } from 'convcore/dashboard'
    const board = await dashboard()
    console.log(board.url)
    await new Promise((resolve) => process.stdin.once('data', resolve))
    process.stdin.destroy()
    const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 10))
    const trainer = new train.Trainer(model, { optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), loss: new nn.CrossEntropyLoss() })
    await trainer.fit(data.digits({ count: 40 }), { epochs: 1, callbacks: [board] })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [url] = (await once(child.stdout, 'data')) as [Buffer]
  const listener = new Listener(url.toString().trim())
  await listener.until(({ fresh }) => fresh === true)
  child.stdin.write('go\n')
  const [code] = (await once(child, 'exit')) as [number]
  t.equal(code, 0)
  await listener.ended
  t.ok(listener.told.some(({ status }) => status?.state === 'done'))
})

t.test('the library alone does not load it', (t) => {
  for (const name of ['index.js', 'convcore.js'])
    t.notMatch(readFileSync(new URL(name, import.meta.resolve('convcore')), 'utf8'), /text\/event-stream|dashboard\.js/)
  const program = `import 'convcore'; console.log(process.moduleLoadList.includes('NativeModule http'))`
  t.match(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }), /^false/)
  t.end()
})

t.test('misuse is explained', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  await t.rejects(dashboard({ port }), { code: 'EADDRINUSE', message: `dashboard: expected a free port, got ${port}, which is in use` }) // prettier-ignore
  taken.close()
  const samples = data.digits({ count: 2 })
  for (const [options, message] of [
    [{ port: -1 }, /dashboard: expected port to be a non-negative integer, got -1/],
    [{ port: 70000 }, /dashboard: expected port to be at most 65535, got 70000/],
    [{ title: 1 as never }, /dashboard: expected a title, got 1/],
    [{ everyEpochs: 0 }, /dashboard: expected everyEpochs to be a positive integer, got 0/],
    [{ samples, sampleCount: 0 }, /dashboard: expected sampleCount to be a positive integer, got 0/],
    [
      { samples, featureMaps: 'conv1' as never },
      /dashboard: expected featureMaps to be an array of layers, got "conv1"/,
    ],
    [{ featureMaps: ['0'] }, /dashboard: expected samples to show feature maps of, got none/],
  ] as const)
    await t.rejects(dashboard(options), { message })
  await using board = await dashboard({ samples, featureMaps: ['nowhere'] })
  await t.rejects(trainDigits([board]), { message: /nowhere/ }, 'before training begins')
})
