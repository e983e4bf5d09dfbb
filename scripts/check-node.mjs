// Scripts run on the Node that npm installed beside the project. When that one is missing, npm falls back to the system's
// without a word, and much later something fails for no visible reason: so this says it at once.
const wanted = 24
const found = Number(process.versions.node.split('.')[0])
if (found < wanted) {
  process.stderr.write(
    `Chiaro needs Node ${wanted} or newer, and this is Node ${process.versions.node} (${process.execPath}).\n` +
      `The project brings its own Node through npm's optional dependencies. They seem to be missing: run "npm ci" again\n` +
      `without --omit=optional, or, on ${process.platform}-${process.arch} if it has no such package, install Node ${wanted} or newer.\n`,
  )
  process.exit(1)
}
