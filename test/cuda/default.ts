// Preloaded (node --import) before a test file: what it makes without naming a device lies on the first GPU.
import { setDefaultDevice } from 'convcore'

setDefaultDevice('cuda')
