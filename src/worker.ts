// A worker thread's door: reads layers with all analyzers.
import { parentPort } from 'node:worker_threads'
import { analyzers } from './analyzers.ts'
import { serveLayers } from './scan/serve-layers.ts'

if (parentPort !== null) serveLayers(parentPort, analyzers)
