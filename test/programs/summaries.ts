import { tensor, train } from 'convcore'

/** What PyTorch's writer and ours are given alike: scripts/fixtures/summaries.py. Writes it to the folder given. */
const [folder] = process.argv.slice(2)
const writer = new train.SummaryWriter(folder)
const time = 1700000000.5
writer.addScalar('loss/train', 0.5, 1, time)
writer.addScalar('loss/train', tensor([0.25]), 2, time + 1)
writer.addScalar('größe', -1e-3, 2 ** 40, time)
writer.addHistogram('weights', tensor([-1, 0, 0, 2, 3]), 3, time)
writer.addHistogram('positive', [0.5, 0.5, 1.5], 3, time)
writer.addText('note', 'one *two*\n\nthree', 4, time)
writer.addScalars('both', { a: 1, b: 2 }, 5, time)
await writer.close()
