// Asking for the version is answered before anything else is loaded.
const args = process.argv.slice(2)
if (args.length === 1 && ['version', '--version', '-V'].includes(args[0]!)) {
  const { versionLine } = await import('./version-line.ts')
  process.stdout.write(versionLine)
} else {
  const { run } = await import('./run.ts')
  process.exitCode = await run(args)
}
