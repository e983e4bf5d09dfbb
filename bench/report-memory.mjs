// Loaded before a measured script: writes the process's peak memory, in KiB, when it exits. On Linux from VmHWM, since
// maxRSS begins with the peak of the process that started this one.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const status = '/proc/self/status'

process.on('exit', () => {
  const linux = existsSync(status) ? /^VmHWM:\s*(\d+)/m.exec(readFileSync(status, 'utf8'))?.[1] : undefined
  writeFileSync(process.env.CHIARO_BENCH_MEMORY, linux ?? String(process.resourceUsage().maxRSS))
})
