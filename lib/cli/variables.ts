/** What the library and its addon read from the environment. README.md says what each does. */
export const variables: readonly string[] = [
  'CONVCORE_ADDON',
  'CONVCORE_CACHE',
  'CONVCORE_CONV_ALGO',
  'CONVCORE_CPU_CONV_ALGO',
  'CONVCORE_CUBLAS',
  'CONVCORE_CUDNN',
  'CONVCORE_DATA',
  'CONVCORE_ISA',
  'CONVCORE_OFFLINE',
  'CONVCORE_THREADS',
]

/** Those that are set, and others of the kind that nobody reads. */
export function setVariables(): Record<string, string> {
  const set = Object.entries(process.env).filter(([name]) => name.startsWith('CONVCORE_'))
  return Object.fromEntries(set.sort(([a], [b]) => (a < b ? -1 : 1))) as Record<string, string>
}
