// The example server, from its start over good and bad uploads to its end.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { data, full, io, models, transforms, vision, zeros } from 'convcore'
import { program, ServerProcess } from '../bench/server.js'

const skip = await import('sharp').then(
  () => false as const,
  () => 'sharp, which reads and writes images, is not installed',
)

t.setTimeout(300_000) // busy machines

const folder = t.testdir({})
const digits = data.digits({ split: 'test', count: 20 })
const image = (i: number) => digits.images.slice(0, i, i + 1).reshape([1, 28, 28])
const png = (i: number) => vision.encodeImage(image(i), 'png')
/** What a request for a prediction is answered. */
interface Answer {
  top: { class: string; probability: number }[]
  error: string
}

const read = async (response: Response): Promise<Answer> => (await response.json()) as Answer

/** Starts the server, with digits drawn in code. */
async function start(t: Test, ...args: string[]): Promise<ServerProcess> {
  const env: NodeJS.ProcessEnv = { ...process.env, CONVCORE_CACHE: join(folder, 'cache'), CONVCORE_OFFLINE: '1' }
  delete env.CONVCORE_DATA
  const server = await ServerProcess.start(['--folder', folder, '--samples', '200', ...args], env)
  t.teardown(() => server.signal('SIGKILL'))
  return server
}

const predict = ({ url }: ServerProcess, body: Uint8Array, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/predict`, { method: 'POST', body, headers })

/** An upload whose end has not been sent yet. */
async function half(url: string, upload: Uint8Array) {
  const request = http.request(`${url}/predict`, { method: 'POST' })
  request.write(upload.subarray(0, 20))
  const answer = once(request, 'response').then(async ([response]: http.IncomingMessage[]) => {
    const chunks: Buffer[] = []
    for await (const chunk of response!) chunks.push(chunk as Buffer)
    const { statusCode: status, headers } = response!
    return { status, headers, body: JSON.parse(String(Buffer.concat(chunks))) as Answer }
  })
  answer.catch(() => undefined) // of those that are torn
  await once(request, 'socket')
  return { request, answer, finish: () => request.end(upload.subarray(20)) }
}

/** Waits until so many requests are under way, besides that which asks. */
async function underWay(server: ServerProcess, count: number): Promise<void> {
  while ((await server.metric('serve_requests_under_way')) !== count + 1) await setTimeout(5)
}

t.test('while a network trains', { skip }, async (t) => {
  const server = await start(t, '--epochs', '100000', '--max-bytes', '1000000')
  const early = await fetch(`${server.url}/health`)
  if (early.status === 503) t.match(await early.json(), { status: 'waiting for a network' })
  await server.ready()
  await server.says(/^epoch 1: \d+\.\d\d %, which answers from now on$/)

  t.test('images are classified, whatever their format and size', async (t) => {
    const uploads = {
      png: await png(0),
      jpeg: await vision.encodeImage(image(0), 'jpeg'),
      photo: await vision.encodeImage(full([3, 480, 640], 200, { dtype: 'uint8' }), 'jpeg'),
      line: await vision.encodeImage(full([1, 1, 5000], 9, { dtype: 'uint8' }), 'png'),
    }
    for (const [name, upload] of Object.entries(uploads)) {
      const response = await predict(server, upload, { 'content-type': `image/${name}` })
      t.equal(response.status, 200, name)
      t.match(response.headers.get('content-type'), /^application\/json/)
      const { top } = await read(response)
      t.equal(top.length, 3)
      for (const guess of top) t.match(guess, { class: /^\d$/, probability: Number })
      const [first, second, third] = top.map(({ probability }) => probability) as [number, number, number]
      t.ok(first >= second && second >= third && third >= 0 && first + second + third <= 1.0001, name)
    }
  })

  t.test('bad uploads are told what is wrong with them', async (t) => {
    const whole = await png(0)
    const form = new FormData()
    form.set('image', new Blob([Buffer.from(whole)]))
    const post = (body: RequestInit['body']) => fetch(`${server.url}/predict`, { method: 'POST', body, duplex: 'half' })
    const large = await vision.encodeImage(zeros([1, 4200, 4200], { dtype: 'uint8' }), 'png')
    const cases: [name: string, response: Response, status: number, error: RegExp][] = [
      ['empty', await post(''), 400, /^expected an image file as the body, got an empty one$/],
      ['text', await post('a digit'), 400, /^upload: expected an image \(JPEG, PNG, .*unsupported image format/],
      ['truncated', await post(whole.slice(0, -30)), 400, /^upload: expected an image/],
      ['damaged', await post(whole.map((byte, i) => (i > 60 ? byte ^ 85 : byte))), 400, /^upload: expected an image/],
      ['too many pixels', await post(large), 400, /^upload: expected an image .*exceeds pixel limit/],
      ['too many bytes', await post(new Uint8Array(1_000_001)), 413, /^expected at most 1000000 bytes, got more$/],
      ['streamed', await post(new Blob([new Uint8Array(3e6)]).stream()), 413, /^expected at most 1000000 bytes/],
      ['a form', await post(form), 415, /^expected an image file as the body, got multipart\/form-data/],
      ['method', await fetch(`${server.url}/predict`), 405, /^expected POST, got GET$/],
      ['method', await fetch(`${server.url}/health`, { method: 'DELETE' }), 405, /^expected GET, got DELETE$/],
      ['path', await fetch(`${server.url}/constructor`), 404, /^expected one of \/predict, \/health, \/metrics$/],
    ]
    for (const [name, response, status, error] of cases) {
      t.equal(response.status, status, name)
      t.match((await read(response)).error, error, name)
      if (status === 405) t.match(response.headers.get('allow'), /^(GET|POST)$/)
    }
    t.equal((await predict(server, whole)).status, 200, 'and it goes on')
  })

  t.test('requests at a time are answered together, each with its own answer', async (t) => {
    const uploads = await Promise.all(Array.from({ length: 20 }, (_, i) => png(i)))
    const [before, batches] = [await server.metric('training_updates'), await server.metric('serve_batch_size_count')]
    const all = [...uploads, ...uploads, ...uploads]
    const responses = await Promise.all(all.map((upload) => predict(server, upload)))
    t.ok(responses.every(({ status }) => status === 200))
    t.ok((await server.metric('serve_batch_size_count')) - batches < 60, 'fewer batches than requests')
    while ((await server.metric('training_updates')) === before) await setTimeout(10)
    t.pass('and the network trained on')
  })

  t.test('clients that leave are no trouble', async (t) => {
    const upload = await png(1)
    const leaving = await Promise.all(Array.from({ length: 5 }, () => half(server.url, upload)))
    await underWay(server, 5)
    for (const { request } of leaving) request.destroy()
    await underWay(server, 0)
    t.equal(await server.metric('serve_requests_total{path="/predict",status="aborted"}'), 5)
    t.equal((await predict(server, upload)).status, 200)
  })

  t.test('SIGTERM: what has come is answered, the training is saved, and the process ends well', async (t) => {
    const started = await Promise.all(Array.from({ length: 4 }, async (_, i) => half(server.url, await png(i))))
    await underWay(server, 4)
    server.signal('SIGTERM')
    await server.says(/^SIGTERM: /)
    await t.rejects(fetch(`${server.url}/health`), 'nobody new')
    for (const { finish } of started) finish()
    for (const { answer } of started) {
      const { status, headers, body } = await answer
      t.equal(status, 200)
      t.equal(headers.connection, 'close')
      t.equal(body.top.length, 3)
    }
    t.equal(await server.exitCode(), 0)
    t.equal(server.lines.at(-1), 'stopped')
  })
})

t.test('the next start answers at once, and goes on with the training', { skip }, async (t) => {
  const { updates } = await io.loadCheckpoint<{ updates: number }>(join(folder, 'training.safetensors'))
  t.ok(updates > 0)
  const server = await start(t, '--epochs', '100000')
  t.equal((await predict(server, await png(0))).status, 200)
  let now = 0
  while (!(now > 0)) now = await server.metric('training_updates')
  t.ok(now > updates, `${now} steps after ${updates}`)
  server.signal('SIGINT')
  t.equal(await server.exitCode(), 0)
})

t.test('without training, answers are those of the saved network', { skip }, async (t) => {
  const server = await start(t, '--epochs', '0', '--max-requests', '2', '--max-wait', '20')
  const model = models.mnistCnn().eval()
  model.loadStateDict(await io.loadSafetensors(join(folder, 'served.safetensors')))
  for (let i = 0; i < 5; i++) {
    const pixels = image(i).to('float32').reshape([1, 1, 28, 28]).div(255)
    const expected = await model(pixels).softmax(1).data()
    const inverse = await vision.encodeImage(transforms.functional.invert(image(i)), 'png')
    for (const upload of [await png(i), inverse])
      for (const { class: name, probability } of (await read(await predict(server, upload))).top)
        t.ok(Math.abs(probability - expected[Number(name)]!) < 1e-4, `${name}: ${probability}`)
  }

  await t.test('a client that comes when there is too much to do is told to come again', async (t) => {
    const upload = await png(0)
    const waiting = [await half(server.url, upload), await half(server.url, upload)]
    await underWay(server, 2)
    const refused = await predict(server, upload)
    t.equal(refused.status, 503)
    t.equal(refused.headers.get('retry-after'), '1')
    t.match(await read(refused), { error: 'too many requests are under way' })
    for (const { finish } of waiting) finish()
    for (const { answer } of waiting) t.equal((await answer).status, 200)
  })
  server.signal('SIGTERM')
  t.equal(await server.exitCode(), 0)
})

t.test('misuse is refused before anything starts', (t) => {
  const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })
  const cases: [args: string[], message: RegExp][] = [
    [['--port', 'http'], /^--port: expected a whole number from 0 on, got "http"\n\nusage: /],
    [['--max-batch', '0'], /^Batcher: expected maxBatch to be a positive integer, got 0\n\nusage: /],
    [['--device', 'cpu:999'], /^expected a device from 'cpu:0' to 'cpu:\d+', got "cpu:999"\n\nusage: /],
    [['--colour'], /^Unknown option '--colour'[^]*usage: /],
  ]
  for (const [args, message] of cases) {
    const { status, stderr } = run(...args)
    t.equal(status, 2, args.join(' '))
    t.match(stderr, message)
  }
  t.end()
})

t.test('without sharp, the server says what to install', (t) => {
  const hook = `export async function resolve(name, context, next) {
    if (name === 'sharp') throw Object.assign(new Error('no sharp'), { code: 'ERR_MODULE_NOT_FOUND' })
    return next(name, context)
  }`
  const register = `import { register } from 'node:module'
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}))`
  const preload = `data:text/javascript,${encodeURIComponent(register)}`
  const words = ['--import', preload, program, '--port', '0', '--folder', join(folder, 'none')]
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' })
  t.equal(status, 1)
  t.match(stderr, /^vision: images need the package sharp, which is not installed: run `npm install sharp`$/m)
  t.notOk(existsSync(join(folder, 'none')))
  t.end()
})
