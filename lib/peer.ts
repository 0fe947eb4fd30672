/**
 * Why an optional package cannot be used, and what to install.
 * @param what it is for: `'vision: images'`
 * @param cause of `import()`
 */
export function peerError(what: string, name: string, cause: unknown): Error {
  const missing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
  const reason = missing
    ? `is not installed: run \`npm install ${name}\``
    : `does not load: ${(cause as Error).message}`
  return Object.assign(new Error(`${what} need the package ${name}, which ${reason}`, { cause }), {
    code: 'ERR_MODULE_NOT_FOUND',
  })
}
