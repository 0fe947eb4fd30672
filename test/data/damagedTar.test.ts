import t from 'tap'
import { entry, tarred, unpacksOrRefuses } from './archives.js'

t.setTimeout(120_000)

t.test('10,000 damaged tar files are unpacked or refused', (t) =>
  unpacksOrRefuses(t, tarred(entry('a', 'hello'), entry('b', 'w'))),
)
