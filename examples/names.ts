import { readdirSync } from 'node:fs'

const others = ['run.js', 'example.js', 'lectures.js', 'names.js', 'transformed.js']

/** The programs in this folder. */
export const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.js') && !others.includes(file))
  .map((file) => file.slice(0, -3))
