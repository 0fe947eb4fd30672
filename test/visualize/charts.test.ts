import sharp from 'sharp'
import t from 'tap'
import { type train, visualize } from 'convcore'

const HISTORY: train.EpochRecord[] = [
  { epoch: 1, loss: 2, accuracy: 0.25, validationLoss: 1.5, validationAccuracy: 0.5, seconds: 1 },
  { epoch: 2, loss: 1, accuracy: 0.75, validationLoss: 1.25, validationAccuracy: 0.625, seconds: 1 },
]

/** The size of what a program that knows SVG sees; it throws where the document is not well formed. */
async function sizeOf(picture: visualize.Picture): Promise<unknown[]> {
  const { format, width, height } = await sharp(Buffer.from(await picture.svg())).metadata()
  return [format, width, height]
}

t.test('curves are a panel for each figure, with training and validation, and one for the learning rate', async (t) => {
  const picture = visualize.curves(HISTORY, { learningRates: [0.1, 0.05] })
  t.same(await sizeOf(picture), ['svg', 3 * 480, 320])
  const svg = await picture.svg()
  for (const word of ['loss', 'accuracy', 'learning rate', 'training', 'validation', 'epoch', '0.05'])
    t.match(svg, `>${word}<`)
  t.notMatch(svg, /seconds|http:\/\/(?!www\.w3\.org)/)
  const { format, width, height } = await sharp(Buffer.from(await picture.png())).metadata()
  t.same([format, width, height], ['png', 1440, 320])
})

t.test('curves in the terminal have a sign for each series', (t) => {
  const text = visualize.curves(HISTORY, { figures: ['loss'], mark: { epoch: 2, name: 'over-fitting' } }).text({ columns: 30 }) // prettier-ignore
  t.equal(
    text,
    [
      'loss',
      '2 ┤•                         ┊',
      '  ┤                          ┊',
      '  ┤                          ┊',
      '  ┤                          ┊',
      '  ┤                          ┊',
      '  ┤                          ┊',
      '  ┤o                         ┊',
      '  ┤                          ┊',
      '  ┤                          o',
      '  ┤                          ┊',
      '  ┤                          ┊',
      '1 ┤                          •',
      '   1          epoch          2',
      '   • training   o validation   ┊ over-fitting',
      '',
    ].join('\n'),
  )
  t.end()
})

t.test('curves show what there is: no validation, figures of later epochs only', async (t) => {
  const history = [{ epoch: 1, loss: 1, seconds: 1 }, { epoch: 2, loss: 0.5, f1: 0.5, seconds: 1 }] as train.EpochRecord[] // prettier-ignore
  t.same(await sizeOf(visualize.curves(history)), ['svg', 960, 320])
  const svg = await visualize.curves(history).svg()
  t.match(svg, '>f1<')
  t.notMatch(svg, 'validation')
})

t.test('curves explains misuse', (t) => {
  const make =
    (history: unknown, options = {}) =>
    () =>
      visualize.curves(history as train.EpochRecord[], options)
  t.throws(make(undefined), { name: 'TypeError', message: /the history of a run, got undefined/ })
  t.throws(make([]), { name: 'RangeError', message: /at least one epoch/ })
  t.throws(make(HISTORY, { figures: ['f1'] }), {
    name: 'RangeError',
    message: /curves: expected figures among loss, accuracy, got "f1"/,
  })
  t.end()
})

t.test('a plot has lines, points and bars, and leaves gaps where there is no number', async (t) => {
  const picture = visualize.plot(
    {
      title: 'A & B <i>',
      xName: 'x',
      yName: 'y',
      series: [
        { name: 'line', points: [[0, 0], [1, NaN], [2, 1]] }, // prettier-ignore
        { name: 'dots', kind: 'points', points: [[0.5, 1]] },
        { name: 'bars', kind: 'bars', points: [[0, 1], [1, 2]] }, // prettier-ignore
      ],
    },
    { width: 300, height: 200 },
  )
  t.same(await sizeOf(picture), ['svg', 300, 200])
  t.match(await picture.svg(), 'A &amp; B &lt;i')
  t.match(picture.text(), /• line {3}o dots {3}× bars/)
  t.same(await sizeOf(visualize.plot(new Array<visualize.Panel>(5).fill({ series: [] }))), ['svg', 1440, 640])
})

t.test('a line may have more points than a call has arguments', (t) => {
  const points = Array.from({ length: 200_000 }, (_, i): visualize.Point => [i, i % 10])
  const picture = visualize.plot({ series: [{ name: 'a', points }], marks: [{ x: 5, name: 'here' }] })
  t.match(picture.text(), /here/)
  t.end()
})

t.test('plot explains misuse', (t) => {
  t.throws(() => visualize.plot([]), { name: 'RangeError', message: /at least one panel, got none/ })
  t.throws(() => visualize.plot({} as never), { name: 'TypeError', message: /panel 0 to have series of points/ })
  t.throws(() => visualize.plot({ series: [{ name: 'x' }] } as never), { name: 'TypeError' })
  t.throws(() => visualize.plot({ series: [] }, { columns: 0 }), { name: 'RangeError', message: /columns/ })
  t.end()
})

t.test('a confusion matrix shows counts, and names of classes', async (t) => {
  const picture = visualize.confusion([[13, 1], [2, 47]], { classes: ['cat', '<script>'], title: 'Pets' }) // prettier-ignore
  const svg = await picture.svg()
  for (const word of ['Pets', '13', '1', '2', '47', 'cat', 'label', 'answer', '&lt;script&gt;'])
    t.match(svg, `>${word}<`)
  t.notMatch(svg, '<script')
  t.same(await sizeOf(picture), ['svg', picture.width, picture.height])
  t.equal(
    picture.text(),
    'rows: label, columns: answer\n          cat  <script>\n     cat   13         1\n<script>    2        47\n',
  )
  const many = visualize.confusion(Array.from({ length: 60 }, () => new Array<number>(60).fill(0)))
  t.same(await sizeOf(many), ['svg', many.width, many.height])
})

t.test('confusion explains misuse', (t) => {
  t.throws(() => visualize.confusion([[1, 2]]), { name: 'TypeError', message: /a square of counts/ })
  t.throws(() => visualize.confusion([[-1]]), { name: 'TypeError' })
  t.throws(() => visualize.confusion(undefined as never), { name: 'TypeError', message: /got undefined/ })
  t.throws(() => visualize.confusion([[1]], { classes: ['a', 'b'] }), {
    name: 'RangeError',
    message: /the names of 1 classes, got 2/,
  })
  t.end()
})
