// An ensemble of three networks on MNIST, whose logits are added up, beside each of them alone.
import { nn, optim, train } from 'convcore'
import { figures, type Images, loadDigits, type Options, type Trained, percent, type Row } from './example.js'
import { build } from './mnist-cnn.js'

export const epochs = 5

export const rows: readonly Row[] = [
  {
    row: 'L2.9',
    required: 'not worse than the mean of its members',
    judge: ({ members, testAccuracy }) => {
      const each = members as number[]
      return {
        figure: `members ${each.map(percent).join(', ')}; ensemble ${percent(testAccuracy as number)}`,
        held: (testAccuracy as number) >= each.reduce((sum, one) => sum + one, 0) / each.length,
      }
    },
  },
]

const MEMBERS = 3

/** What an ensemble and its members reach on the test set. */
export interface Accuracies {
  members: number[]
  together: number
}

/** Evaluates each member by itself, and the ensemble; prints all. */
export async function compare(
  ensemble: nn.Ensemble,
  test: Images['test'],
  device?: Options['device'],
): Promise<Accuracies> {
  const evaluate = async (name: string, model: nn.Layer) => {
    const trainer = new train.Trainer(model, { loss: new nn.CrossEntropyLoss(), metrics: [train.accuracy], device })
    const { accuracy } = await trainer.evaluate(test, { batchSize: 500 })
    console.log(`${name.padEnd(10)} ${(100 * accuracy!).toFixed(2)} %`)
    return accuracy!
  }
  const members: number[] = []
  for (const [i, member] of [...ensemble.members].entries()) members.push(await evaluate(`network ${i + 1}`, member))
  return { members, together: await evaluate('ensemble', ensemble) }
}

export async function run(options: Options): Promise<Trained> {
  const digits = await loadDigits(options)
  const started = performance.now()
  const ensemble = new nn.Ensemble(Array.from({ length: MEMBERS }, () => build()))
  console.log(String(ensemble))
  for (const member of ensemble.members) {
    const trainer = new train.Trainer(member, {
      optimizer: new optim.Adam(member.parameters(), { lr: 1e-3 }),
      loss: new nn.CrossEntropyLoss(),
      metrics: [train.accuracy],
      device: options.device,
      capture: true,
      progress: true,
    })
    await trainer.fit(digits.train, { epochs: options.epochs, batchSize: 100 })
  }
  const { members, together } = await compare(ensemble, digits.test, options.device)
  return { ...(await figures(ensemble, together, started)), members }
}
