import { join } from 'node:path'
import { testRollingSecdb } from '../../../test/contract/rolling-secdb.ts'
import { wolfi } from './index.ts'

testRollingSecdb({ ecosystem: wolfi, mirror: join(import.meta.dirname, 'testdata'), related: 'chainguard' })
