import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { FormatError, memory, onnx } from 'convcore'
import { settle } from '../garbage.js'
import { mutations, quickFolder } from '../mutations.js'
import { modelFile } from './file.js'

const at = (offset: string, length = '8') => ({ shape: [2], external: { location: 'weights.bin', offset, length } })

t.test('models whose references to other files are damaged are refused, or are models', async (t) => {
  const folder = quickFolder(t)
  const file = join(folder, 'model.onnx')
  const bytes = modelFile({
    nodes: [['Sum', ['x', 'a', 'b'], ['y']]],
    inputs: { x: [2] },
    constants: { a: at('0'), b: at('8') },
  })
  writeFileSync(join(folder, 'weights.bin'), new Uint8Array(64))
  await settle()
  const before = memory().tensors
  let [refused, read] = [0, 0]
  for (const copy of mutations(bytes, 10_000)) {
    writeFileSync(file, copy)
    try {
      const model = await onnx.importModel(file, { maxElements: 1e6 })
      for (const each of [...model.parameters(), ...model.buffers()]) each.dispose()
      read++
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      refused++
    }
  }
  t.ok(refused > 2000 && read > 100, `${refused} refused, ${read} not`)
  t.equal(memory().tensors, before)
})

t.test('a file of weights that ends too early is named', async (t) => {
  const folder = quickFolder(t)
  const file = join(folder, 'model.onnx')
  const weights = join(folder, 'weights.bin')
  writeFileSync(file, modelFile({ nodes: [['Add', ['x', 'a'], ['y']]], inputs: { x: [2] }, constants: { a: at('8') } }))
  writeFileSync(weights, new Uint8Array(16))
  await onnx.importModel(file)
  for (let length = 15; length >= 0; length--) {
    truncateSync(weights, length)
    await t.rejects(onnx.importModel(file), { name: 'FormatError', message: /weights\.bin/ })
  }
  t.equal(readFileSync(weights).length, 0)
})
