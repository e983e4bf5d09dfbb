// The door of the library. An older Node cannot even parse it, and would say so in words that help nobody.
if (Number(process.versions.node.split('.')[0]) < 24) {
  throw new Error(
    `Chiaro needs Node 24 or newer, and this is Node ${process.versions.node} (${process.execPath}). ` +
      'Run the program with a newer Node.',
  )
}
export const { ChiaroError, errorCodes, gapCodes, index, isChiaroError, scan, severities, update, version } =
  await import('../dist/index.js')
