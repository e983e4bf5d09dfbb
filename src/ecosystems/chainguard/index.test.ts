import { join } from 'node:path'
import { testRollingSecdb } from '../../../test/contract/rolling-secdb.ts'
import { chainguard } from './index.ts'

testRollingSecdb({ ecosystem: chainguard, mirror: join(import.meta.dirname, 'testdata'), related: 'wolfi' })
