import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

t.test('the types of the kernels are those of the registry', (t) => {
  const script = fileURLToPath(new URL('../../../scripts/kernels.js', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  t.equal(status, 0, stderr)
  t.end()
})

t.test('every op stands in one CPU file and in one CUDA file of the same stem', async (t) => {
  const native = fileURLToPath(new URL('../../../native/', import.meta.url))
  const ops = [...readFileSync(`${native}ops.def`, 'utf8').matchAll(/^OP\((\w+),/gm)].map(([, name]) => name!)
  const sources = (folder: string, extension: string) =>
    readdirSync(native + folder)
      .filter((file) => file.endsWith(extension))
      .map((file) => ({ stem: basename(file, extension), text: readFileSync(`${native}${folder}/${file}`, 'utf8') }))
  const backends = [sources('cpu', '.cpp'), sources('cuda', '.cu')]
  for (const op of ops) {
    const [cpu, cuda] = backends.map((files) =>
      files.filter(({ text }) => new RegExp(`^void ${op}\\(`, 'm').test(text)).map(({ stem }) => stem),
    )
    t.equal(cpu!.length, 1, op)
    t.same(cuda, cpu, op)
  }
})
