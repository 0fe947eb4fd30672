import { createRequire } from 'node:module'
import { join } from 'node:path'
import { cuda, info } from 'convcore'
import t from 'tap'
import { cells, convcore, folder } from './program.js'

const { version } = createRequire(import.meta.url)('../../../../package.json') as { version: string }

t.setTimeout(300_000) // busy machines

t.test('info says what there is, as JSON too', async (t) => {
  const { code, out } = await convcore('info --json')
  t.equal(code, 0)
  const facts = JSON.parse(out) as Record<string, Record<string, unknown>>
  t.match(facts, {
    versions: { convcore: version, node: process.versions.node, napi: process.versions.napi },
    system: { platform: `${process.platform}-${process.arch}` },
    cpu: { isa: info().isa, threads: 1, threadsReason: 'CONVCORE_THREADS is 1' },
    addon: { path: /\.node$/ },
    cuda: { available: cuda.isAvailable() },
    device: { auto: cuda.isAvailable() ? 'cuda:0' : 'cpu' },
    environment: { CONVCORE_THREADS: '1', CONVCORE_OFFLINE: '1' },
  })
  const lines = new Map(cells((await convcore('info', { env: { CONVCORE_ISA: 'generic' } })).out) as [string, string][])
  t.equal(lines.get('convcore'), version)
  t.match(lines.get('cpu.instructions'), /^generic.*, forced by CONVCORE_ISA=generic$/)
  t.equal(lines.get('CONVCORE_ISA'), 'generic')
})

t.test('info says what was tried where the addon does not load', async (t) => {
  const { code, out } = await convcore('info', { env: { CONVCORE_ADDON: '/nowhere.node' } })
  t.equal(code, 1)
  t.match(out, /^addon\tdoes not load: Cannot find module '\/nowhere.node'$/m)
  t.match(out, /^node\t/m)
})

interface Check {
  name: string
  status: string
  found: string
  fix?: string
}

async function doctor(
  env: Record<string, string>,
): Promise<[code: number | null, of: (name: string) => Check | undefined]> {
  const { code, out } = await convcore('doctor --json', { env })
  const checks = JSON.parse(out) as Check[]
  return [code, (name) => checks.find((check) => check.name === name)]
}

t.test('doctor finds an installation that works, and prints a line for each check', async (t) => {
  const { code, out } = await convcore('doctor', { env: { NO_COLOR: '1' } })
  t.equal(code, 0, out)
  for (const [status] of cells(out)) t.match(status, /^(ok|warning)$/)
  t.ok(cells(out).some(([, name]) => name === 'threads'))
})

t.test('doctor says what to do about settings that do not help', async (t) => {
  const [code, of] = await doctor({
    CONVCORE_ISA: 'generic',
    CONVCORE_THREADS: '512',
    CONVCORE_THREAD: '2',
    CONVCORE_DATA: join(folder, 'nothere'),
    CONVCORE_CACHE: join(folder, 'a-cache', 'below'),
    CONVCORE_OFFLINE: '',
  })
  t.equal(code, 1)
  t.match(of('data'), { status: 'failure', fix: /CONVCORE_DATA/ })
  t.match(of('threads'), { status: 'warning', fix: /CONVCORE_THREADS/ })
  t.match(of('environment'), { status: 'warning', found: /CONVCORE_THREAD: not known/ })
  t.match(of('cache'), { status: 'ok' }, 'a folder that can be made')
})

t.test('doctor tells why the addon does not load, and what helps', async (t) => {
  const [code, of] = await doctor({ CONVCORE_THREADS: 'many' })
  t.equal(code, 1)
  t.match(of('addon'), { status: 'failure', found: /CONVCORE_THREADS: expected an integer/, fix: /set the variable/ })
  const [, other] = await doctor({ CONVCORE_ADDON: '/nowhere.node' })
  t.match(other('addon'), { status: 'failure', found: /nowhere/, fix: /CONVCORE_ADDON/ })
})
