import type { DoctorOptions } from '../commands/doctor.js'
import { coloured, print, printJson, printTable } from '../output.js'
import { openAddon } from '../addon.js'
import { checks } from '../checks/index.js'
import type { Check } from '../checks/check.js'

const colors = { ok: 'green', warning: 'yellow', failure: 'red' } as const

/** Prints the checks; fails where one does. */
export async function doctor({ json }: DoctorOptions): Promise<void> {
  const addon = await openAddon()
  const results: Check[] = []
  for (const check of checks) results.push(await check(addon))
  const failures = results.filter(({ status }) => status === 'failure').length
  if (json) printJson(results)
  else
    printTable(
      ['', 'Check', 'Found', 'What to do'],
      results.map(({ status, name, found, fix = '' }) => [coloured(colors[status], status), name, found, fix]),
    )
  if (!json && process.stdout.isTTY)
    print(failures ? `\n${failures} of ${results.length} checks failed` : '\nconvcore can be used')
  if (failures) process.exitCode = 1
}
