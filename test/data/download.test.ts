import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { data } from 'convcore'

const { fetchFile } = data
const body = Buffer.from('0123456789'.repeat(10_000))
const sha256 = createHash('sha256').update(body).digest('hex')

let requests: string[] = []
const server: Server = createServer((request, response) => {
  requests.push(request.url!)
  if (request.url === '/file') response.writeHead(200, { 'content-length': body.length }).end(body)
  else if (request.url === '/wrong') response.end('other')
  else if (request.url === '/cut')
    response.writeHead(200, { 'content-length': body.length }).write(body.subarray(0, 50_000), () => response.destroy())
  else if (request.url === '/stuck') response.writeHead(200).write(body.subarray(0, 10))
  else response.writeHead(404).end()
})
let origin = ''

t.before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
t.beforeEach(() => {
  requests = []
})
t.teardown(() => {
  server.closeAllConnections()
  server.close()
})

t.test('a file is fetched into new folders, with progress', async (t) => {
  const target = join(t.testdir({}), 'a', 'b', 'file')
  const received: number[] = []
  await fetchFile(`${origin}/file`, target, {
    sha256,
    onProgress: (progress) => {
      t.equal(progress.total, body.length)
      received.push(progress.received)
    },
  })
  t.ok(readFileSync(target).equals(body))
  t.equal(received.at(-1), body.length)
  t.same(readdirSync(join(target, '..')), ['file'])
})

t.test('a file that is right already is not fetched again; a wrong one is replaced', async (t) => {
  const target = join(t.testdir({}), 'file')
  writeFileSync(target, 'half a fi')
  await fetchFile(`${origin}/file`, target, { sha256 })
  await fetchFile(`${origin}/file`, target, { sha256 })
  await fetchFile(`${origin}/missing`, target)
  t.same(requests, ['/file'])
  t.ok(readFileSync(target).equals(body))
})

t.test('mirrors are tried in order', async (t) => {
  const target = join(t.testdir({}), 'file')
  await fetchFile(
    ['/missing', '/wrong', '/cut', '/file', '/missing'].map((path) => origin + path),
    target,
    { sha256 },
  )
  t.same(requests, ['/missing', '/wrong', '/cut', '/file'])
  t.ok(readFileSync(target).equals(body))
})

t.test('a failure says what was tried, why it failed and what to do, and leaves no half file', async (t) => {
  const folder = t.testdir({})
  const target = join(folder, 'file')
  const urls = [`${origin}/missing`, `${origin}/wrong`, `${origin}/cut`, 'http://127.0.0.1:1/closed']
  const error = await fetchFile(urls, target, { sha256 }).catch((error: unknown) => error as Error)
  for (const part of [...urls, 'HTTP 404', `expected sha256 ${sha256}, got `, target, 'by hand']) {
    t.match(error?.message, part)
  }
  t.same(readdirSync(folder), [])
})

t.test('an aborted download stops, says why, and leaves no half file', async (t) => {
  const folder = t.testdir({})
  const reason = new Error('enough')
  const controller = new AbortController()
  const onProgress = () => controller.abort(reason)
  const urls = [`${origin}/stuck`, `${origin}/file`]
  await t.rejects(fetchFile(urls, join(folder, 'file'), { onProgress, signal: controller.signal }), reason)
  t.same(readdirSync(folder), [])
  t.same(requests, ['/stuck'])
  await t.rejects(fetchFile(urls, join(folder, 'file'), { signal: AbortSignal.abort(reason) }), reason)
})
