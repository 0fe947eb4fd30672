// What a binary asks of the system that it is loaded on: the newest version of each library's symbols.
import { execFileSync } from 'node:child_process'
import { oldest } from './sysroot.js'

const parts = (version) => version.split('.').map(Number)

/** Whether a is newer than b. */
function newer(a, b) {
  const [left, right] = [parts(a), parts(b)]
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference) return difference > 0
  }
  return false
}

/** Of an ELF file: of each of GLIBC, GLIBCXX, …, the newest version that is needed, and whether Debian 11 lacks it. */
export function requiredVersions(path) {
  const table = execFileSync('readelf', ['--version-info', '--wide', path], { encoding: 'utf8' })
  const [, needs = ''] = table.split('.gnu.version_r')
  const found = new Map()
  for (const [, name, version] of needs.matchAll(/Name: (\w+)_([\d.]+)/g))
    if (newer(version, found.get(name) ?? '0')) found.set(name, version)
  return [...found].map(([name, version]) => {
    const newest = oldest[name]
    return { name, version, newest, tooNew: newest === undefined || newer(version, newest) }
  })
}
