/** The program was called in a way that it does not know: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Lines of a message that are shown; `--debug` shows all. */
const LINES = 5

/** What a user is told of an error: one line, without the words of the system where there are better ones. */
export function lineOf(error: unknown): string {
  const { message, code, path } = error as NodeJS.ErrnoException
  const reason = path && code ? reasons[code] : undefined
  if (reason) return `${path}: ${reason}`
  const lines = (typeof message === 'string' ? message : String(error)).split(/\s*\n\s*/).filter(Boolean)
  const left = lines.length - LINES
  if (left > 1) lines.splice(LINES, left, `… and ${left} more`)
  return lines
    .join('; ')
    .replace(/^convcore: /, '')
    .replaceAll(/([:.]); /g, (_, end) => (end === ':' ? ': ' : '; '))
}

const reasons: Partial<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'expected a file, got a folder',
  ENOENT: 'no such file or folder',
  ENOSPC: 'no space left on the disk',
  ENOTDIR: 'expected a folder, got a file',
  EROFS: 'the disk is read-only',
}
