import type { Summary } from './summary.js'

const thousands = (count: number): string => count.toLocaleString('en-US')

/** Columns of layer, output shape and parameters, and the totals. */
export function table({ model, layers, total, trainable, nonTrainable }: Summary): string {
  const header = ['Layer (class)', 'Output shape', 'Parameters'] as const
  const rows = layers.map(({ name, type, outputShape, parameters }) => [
    name ? `${name} (${type})` : type,
    outputShape ? `[${outputShape.join(', ')}]` : '-',
    thousands(parameters),
  ])
  const [layerWidth, shapeWidth, countWidth] = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] as string).length)),
  ) as [number, number, number]
  const line = ([layer, shape, count]: readonly string[]): string =>
    `${layer!.padEnd(layerWidth)}  ${shape!.padEnd(shapeWidth)}  ${count!.padStart(countWidth)}`
  const rule = '-'.repeat(layerWidth + shapeWidth + countWidth + 4)
  return [
    model,
    rule,
    line(header),
    rule,
    ...rows.map(line),
    rule,
    `Total parameters: ${thousands(total)}`,
    `Trainable: ${thousands(trainable)}`,
    `Non-trainable: ${thousands(nonTrainable)}`,
  ].join('\n')
}
