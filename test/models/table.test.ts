import { readFile } from 'node:fs/promises'
import { models, nn } from 'convcore'
import t from 'tap'
import { fixture } from '../fixture.js'
import { dispose } from './weights.js'

t.setTimeout(300_000)

const text = await readFile(new URL('../../../../docs/models.md', import.meta.url), 'utf8')
const { networks } = await fixture<{ networks: Record<string, { parameters: number }> }>('models')

const make = models as unknown as Record<string, (options?: object) => nn.Layer>

/** Lines of the table: `name(options)`, input, parameters, multiply-adds. */
const rows = Array.from(text.matchAll(/^\| `(\w+)\((.*)\)` *\| ([\d ×]+) \| *([\d,]+) \| *([\d,]+) \|$/gm), (match) => {
  const [name, options, input, parameters, multiplyAdds] = match.slice(1) as [string, string, string, string, string]
  const number = (cell: string) => Number(cell.replaceAll(',', ''))
  return {
    name,
    options: options && (JSON.parse(options.replace(/(\w+):/g, '"$1":')) as object),
    input: input.split('×').map(Number),
    parameters: number(parameters),
    multiplyAdds: number(multiplyAdds),
  }
})

t.test('the table of the zoo has every network', (t) => {
  const functions = Object.keys(models).filter((name) => /^[a-z]/.test(name) && !/^(fineTune|fromCaffe)$/.test(name))
  t.same([...new Set(rows.map(({ name }) => name))].sort(), functions.sort())
  t.end()
})

t.test('its numbers are those of the networks, and of PyTorch', (t) => {
  for (const { name, options, input, parameters, multiplyAdds } of rows) {
    const model = make[name]!(options || undefined)
    const summary = nn.summary(model, input)
    t.same({ parameters: summary.total, multiplyAdds: summary.multiplyAdds }, { parameters, multiplyAdds }, name)
    if (!options && networks[name]) t.equal(summary.total, networks[name].parameters, `${name}: PyTorch's`)
    dispose(model)
  }
  t.end()
})

t.test('with running statistics, MobileNet and Xception have as many numbers as Keras says', (t) => {
  const numbers = (model: nn.Module): number => {
    const statistics = [...model.buffers()].filter(({ rank }) => rank > 0)
    return model.countParameters() + statistics.reduce((sum, x) => sum + x.size, 0)
  }
  t.equal(numbers(models.mobilenetV1()), 4_253_864)
  t.equal(numbers(models.xception()), 22_910_480)
  t.equal(numbers(models.mobilenetV1({ alpha: 0.25 })), 475_544, "as many as Google's file has")
  t.end()
})
