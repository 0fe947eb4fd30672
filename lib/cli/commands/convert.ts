import type { Command } from 'commander'
import { whole, withExamples } from '../arguments.js'

export interface ConvertOptions {
  network?: string
  size?: number
  opset?: number
  force?: boolean
}

export function convert(program: Command): void {
  const command = program
    .command('convert')
    .description('brings weights or a model to another format, which the endings of the files say')
    .argument('<in>', "a run's folder, .safetensors, .pth, .npz, .onnx, or model.json of Keras or TensorFlow.js")
    .argument('<out>', '.safetensors, .pth, .npz, .onnx, or a model.json')
    .option('--network <name>', 'of which network the weights are: to make a model of them')
    .option('--size <n>', 'side of the images that the model takes', whole(1))
    .option('--opset <n>', 'version of ONNX operators; default 17', whole(1))
    .option('--force', 'replace a file that is there')
    .action(async (from: string, to: string, options: ConvertOptions) => {
      const { convert } = await import('../actions/convert.js')
      await convert(from, to, options)
    })
  withExamples(
    command,
    'convert resnet18.pth resnet18.safetensors',
    'convert runs/photos photos.onnx',
    'convert resnet18.pth resnet18.onnx --network resnet18',
    'convert web/model.json net.onnx',
  )
}
