import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'

const program = fileURLToPath(new URL('programs/weights.js', import.meta.url))

async function weights(threads: number): Promise<string> {
  const env = { ...process.env, CONVCORE_THREADS: String(threads) }
  return (await promisify(execFile)(process.execPath, [program], { env })).stdout
}

t.test('one seed ends with bit-identical weights, run after run and whatever the number of threads', async (t) => {
  const expected = await weights(1)
  t.match(expected, /^[0-9a-f]{64}\n$/)
  for (const threads of [1, 2, 4]) t.equal(await weights(threads), expected, `${threads} threads`)
})
