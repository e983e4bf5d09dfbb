import type { Ecosystem } from '../core/ecosystem.ts'
import { alma } from './alma/index.ts'
import { alpine } from './alpine/index.ts'
import { amazon } from './amazon/index.ts'
import { azurelinux } from './azurelinux/index.ts'
import { chainguard } from './chainguard/index.ts'
import { debian } from './debian/index.ts'
import { oracle } from './oracle/index.ts'
import { photon } from './photon/index.ts'
import { rhel } from './rhel/index.ts'
import { rocky } from './rocky/index.ts'
import { suse } from './suse/index.ts'
import { ubuntu } from './ubuntu/index.ts'
import { wolfi } from './wolfi/index.ts'

/** Every distribution that can be judged. */
export const ecosystems: readonly Ecosystem[] = [
  alma,
  alpine,
  amazon,
  azurelinux,
  chainguard,
  debian,
  oracle,
  photon,
  rhel,
  rocky,
  suse,
  ubuntu,
  wolfi,
]
