import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

t.test('the types of the kernels are those of the registry', (t) => {
  const script = fileURLToPath(new URL('../../../scripts/kernels.js', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  t.equal(status, 0, stderr)
  t.end()
})
