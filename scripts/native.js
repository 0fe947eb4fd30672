// Builds the addon with cmake-js, and first brings CMake from npm where the system has none. Arguments are cmake-js's.
import { spawnSync } from 'node:child_process'

const CMAKE = 'cmake-binary@3.27.7'

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' })
  if (error) console.error(error.message)
  if (status !== 0) process.exit(status ?? 1)
}

if (spawnSync('cmake', ['--version']).status !== 0) {
  console.log(`no cmake here: installing ${CMAKE}`)
  run('npm', ['install', '--no-save', '--no-package-lock', '--loglevel', 'error', CMAKE])
}
run('cmake-js', ['compile', '--parallel', '2', '--log-level', 'error', ...process.argv.slice(2)])
