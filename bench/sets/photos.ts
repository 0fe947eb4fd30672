// The ants and bees as a network of ImageNet sees them.
import { data, transforms } from 'convcore'

export default function photos({ root }: { root: string }) {
  const transform = new transforms.Compose([
    new transforms.Resize(256),
    new transforms.CenterCrop(224),
    new transforms.ToTensor(),
    new transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
  ])
  return new data.ImageFolder(root, { transform })
}
