import type { Command } from 'commander'
import { tellsJson, withExamples } from '../arguments.js'

export interface DoctorOptions {
  json?: boolean
}

export function doctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('checks the installation and says what to do; exit code 1 when something fails')
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import('../actions/doctor.js')
      await doctor(options)
    })
  withExamples(tellsJson(command), 'doctor', 'doctor | grep -v ^ok')
}
