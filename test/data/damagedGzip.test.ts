import { gzipSync } from 'node:zlib'
import t from 'tap'
import { entry, tarred, unpacksOrRefuses } from './archives.js'

t.setTimeout(120_000)

t.test('10,000 damaged compressed tar files are unpacked or refused', (t) =>
  unpacksOrRefuses(t, gzipSync(tarred(entry('d/a', 'hello')))),
)
