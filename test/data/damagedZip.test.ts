import t from 'tap'
import { text, unpacksOrRefuses, zipped } from './archives.js'

t.setTimeout(120_000)

t.test('10,000 damaged zip files are unpacked or refused', (t) =>
  unpacksOrRefuses(t, zipped({ d: { a: text('hello') }, b: [text('world'.repeat(20)), { level: 9 }] })),
)
