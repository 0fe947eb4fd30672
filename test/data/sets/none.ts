// No dataset.
export default 'nothing'
