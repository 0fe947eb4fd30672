export { Dashboard, dashboard, type DashboardOptions } from './dashboard.js'
export type { LabelledImages } from '../train/gallery.js'
