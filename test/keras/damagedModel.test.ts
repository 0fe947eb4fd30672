import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { keras, nn, type Tensor } from 'convcore'
import { quickFolder, survives } from '../mutations.js'

const chain = () =>
  new nn.Sequential({
    conv: new nn.Conv2d(2, 3, 2),
    norm: new nn.BatchNorm2d(3),
    relu: new nn.ReLU(),
    flatten: new nn.Flatten(),
    fc: new nn.Linear(12, 2),
  })
function branched(): nn.Module {
  const x = nn.input([2, 3, 3])
  const h = new nn.Conv2d(2, 2, 3, { padding: 1 })(x)
  return new nn.Model(x, new nn.Linear(36, 2)(new nn.Flatten()(new nn.Concatenate()(h, x))))
}

for (const [name, make] of Object.entries({ chain, branched }))
  t.test(`damaged copies of the model of a ${name} are refused or read`, async (t) => {
    const folder = quickFolder(t)
    await keras.saveLayersModel(make(), folder, { inputShape: [2, 3, 3] })
    const path = join(folder, 'model.json')
    const { refused, strange } = await survives(
      readFileSync(path),
      async (bytes, worker) => {
        const damaged = join(folder, `${worker}.json`)
        writeFileSync(damaged, bytes)
        free(await keras.loadLayersModel<nn.Module>(damaged))
      },
      5_000,
    )
    t.same(strange, [])
    t.ok(refused > 1000, `${refused} were refused`)
  })

/** Frees tensors at once, which would else wait for the collector. */
function free(model: nn.Module): void {
  for (const x of [...model.parameters(), ...model.buffers()] as Tensor[]) x.dispose()
}
