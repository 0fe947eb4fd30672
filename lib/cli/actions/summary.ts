import { existsSync } from 'node:fs'
import { extname } from 'node:path'
import { nn } from '../../index.js'
import { build } from '../build.js'
import type { SummaryOptions } from '../commands/summary.js'
import { bytes } from '../machine.js'
import { openModel } from '../modelFile.js'
import { findNetwork, networkName, networks } from '../networks.js'
import { print, printJson, printPairs, printTable } from '../output.js'

const FLOAT = 4 // bytes

/** Prints a network's layers, and what memory they take. */
export async function summary(name: string, options: SummaryOptions): Promise<void> {
  const { module, shape } = isFile(name) ? await fromFile(name, options) : fromZoo(networkName(name), options)
  const summary = nn.summary(module, shape)
  const { model, layers, total, trainable, multiplyAdds } = summary
  const state = Object.values(module.stateDict()).reduce((sum, { size }) => sum + size, 0)
  const outputs = layers.reduce(
    (sum, { outputShape = [0] }) => sum + Math.abs(outputShape.reduce((a, b) => a * b, 1)),
    0,
  )
  const memory = { weights: state * FLOAT, outputs: outputs * options.batch * FLOAT, batch: options.batch }
  if (options.json) {
    printJson({ model, inputShape: shape, layers, total, trainable, multiplyAdds, memory })
    return
  }
  if (process.stdout.isTTY) print(String(summary))
  else {
    const rows = layers.map(({ name, type, outputShape, parameters, multiplyAdds }) => [
      ...[name, type, outputShape?.join('x') ?? '-', parameters, multiplyAdds],
    ])
    printTable([], [...rows, ['total', model, '', total, multiplyAdds]])
  }
  printPairs([
    ['Memory of weights and statistics', bytes(memory.weights)],
    [`Memory of all layers' outputs, as training keeps, batch ${memory.batch}`, bytes(memory.outputs)],
  ])
}

interface Shaped {
  readonly module: nn.Module
  /** [C, H, W] */
  readonly shape: readonly number[]
}

/** Names of networks go before files that are called so. */
const isFile = (name: string): boolean => !findNetwork(name) && (existsSync(name) || extname(name) !== '')

function fromZoo(name: string, { size, channels, numClasses }: SummaryOptions): Shaped {
  const network = networks[name]!
  const side = size ?? network.size
  const shape = [channels ?? network.channels, side, side]
  return { module: build(name, numClasses ?? network.classes, shape[0]!), shape }
}

async function fromFile(path: string, options: SummaryOptions): Promise<Shaped> {
  const { module, preparation } = await openModel(path, options)
  return { module, shape: [preparation.channels, ...preparation.size] }
}
