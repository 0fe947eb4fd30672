import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { keras } from 'convcore'
import { quickFolder, survives } from '../mutations.js'

/** Two weights, one of them quantised, in two shards. */
const files = {
  'weights_manifest.json': JSON.stringify([
    {
      paths: ['w', 'v'],
      weights: [
        { name: 'a', dtype: 'float32', shape: [1] },
        { name: 'b', dtype: 'int32', shape: [2], quantization: { dtype: 'uint8', scale: 0.5, min: -1 } },
      ],
    },
  ]),
  w: 'four',
  v: 'xy',
}

for (const [name, count] of [
  ['weights_manifest.json', 6_000],
  ['w', 2_000],
  ['v', 2_000],
] as const)
  // prettier-ignore
  t.test(`damaged copies of ${name} are refused or read`, async (t) => {
    const folder = quickFolder(t)
    for (const worker of [0, 1, 2, 3]) {
      mkdirSync(join(folder, String(worker)))
      for (const [each, content] of Object.entries(files)) writeFileSync(join(folder, String(worker), each), content)
    }
    const read = async (damaged: Uint8Array, worker: number) => {
      const own = join(folder, String(worker))
      writeFileSync(join(own, name), damaged)
      for (const x of Object.values(await keras.loadWeights(join(own, 'weights_manifest.json')))) x.dispose()
    }
    const { refused, strange } = await survives(Buffer.from(files[name]), read, count)
    t.same(strange, [])
    t.ok(refused > count / 4 && refused < count, `${refused} of ${count} were refused`)
  })
