import { parentPort } from 'node:worker_threads'
import { serveLayers } from '../../src/scan/serve-layers.ts'
import { lineAnalyzers } from './line-analyzers.ts'

if (parentPort !== null) serveLayers(parentPort, lineAnalyzers)
