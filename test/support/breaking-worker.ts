// A worker thread that breaks, in the way that the first task's path or digest says.
import { parentPort } from 'node:worker_threads'
import type { ToWorker } from '../../src/scan/layer-messages.ts'

parentPort?.on('message', (message: ToWorker) => {
  if (message.kind !== 'task' || message.task.kind !== 'directory') return
  const way = message.task.path
  if (way === 'exit') process.exit(7)
  if (way === 'throw') throw new Error('broken')
  if (way === 'memory') for (const hoard: unknown[] = []; ; ) hoard.push(Array.from({ length: 1000 }, () => ({})))
  for (;;);
})
