import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { skip } from './cuda.js'

const program = fileURLToPath(new URL('../programs/exhaust.js', import.meta.url))

t.test('out of memory names the sizes, gives cached blocks back once, and the process goes on', { skip }, async (t) => {
  const env = { ...process.env, EMULATION_MEMORY: '8' }
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env })
  const { error, reused, sum } = JSON.parse(stdout) as { error: string; reused: boolean; sum: number }
  t.match(error, /RangeError ERR_OUT_OF_MEMORY zeros: expected \d+ bytes of memory, but \d+ are in use/)
  t.equal(reused, true, 'a block of another size was made from what was cached')
  t.equal(sum, 1000, 'and what was there before still is')
})
