import t from 'tap'
import { PassThrough } from 'node:stream'
import { makeTrainer, rings } from './toy.js'

async function shown(stream: PassThrough): Promise<string> {
  await makeTrainer({ progress: stream }).fit(rings(64), { epochs: 2, batchSize: 16, validation: rings(16) })
  stream.end()
  return (await stream.toArray()).join('')
}

t.test('a stream that is no terminal gets one line per epoch', async (t) => {
  const lines = (await shown(new PassThrough())).trimEnd().split('\n')
  t.equal(lines.length, 2)
  t.match(
    lines[1],
    /^epoch 2\/2 {2}\d+\.\d s {2}loss \d\.\d{4} {2}accuracy \d\.\d{4} {2}validationLoss \d\.\d{4} {2}validationAccuracy \d\.\d{4}$/,
  )
})

t.test('a terminal gets a bar too', async (t) => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 120, cursorTo() {}, clearLine() {} })
  const text = await shown(terminal)
  t.match(text, /epoch 1\/2 .*\/4 {2}loss/)
  t.match(text, /epoch 2\/2 {2}\d+\.\d s {2}loss/)
})
