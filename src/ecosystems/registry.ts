import type { Ecosystem } from '../core/ecosystem.ts'
import { alpine } from './alpine/index.ts'
import { azurelinux } from './azurelinux/index.ts'
import { debian } from './debian/index.ts'
import { oracle } from './oracle/index.ts'
import { photon } from './photon/index.ts'
import { rhel } from './rhel/index.ts'
import { suse } from './suse/index.ts'
import { ubuntu } from './ubuntu/index.ts'

/** Every distribution that can be judged. */
export const ecosystems: readonly Ecosystem[] = [alpine, azurelinux, debian, oracle, photon, rhel, suse, ubuntu]
