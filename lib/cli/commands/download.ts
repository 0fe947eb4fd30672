import { type Command, Argument } from 'commander'
import { tellsJson, withExamples } from '../arguments.js'

export const downloadable = ['mnist', 'fashion-mnist', 'cifar10', 'cifar100', 'not-mnist'] as const

export interface DownloadOptions {
  root?: string
  json?: boolean
}

export function download(program: Command): void {
  const command = program
    .command('download')
    .description('fetches data sets, unless they are there, checks them, and says where they lie')
    .addArgument(new Argument('<set...>', 'what to fetch').choices(downloadable))
    .option('--root <folder>', 'where to; default: the cache, $CONVCORE_CACHE or ~/.cache/convcore')
    .action(async (sets: string[], options: DownloadOptions) => {
      const { download } = await import('../actions/download.js')
      await download(sets, options)
    })
  withExamples(tellsJson(command), 'download mnist cifar10', 'download fashion-mnist --root data/fashion-mnist')
}
