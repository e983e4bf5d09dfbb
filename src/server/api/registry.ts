import { chiaroV1 } from './chiaro-v1/index.ts'
import { clairV1 } from './clair-v1/index.ts'
import { clairV3 } from './clair-v3/index.ts'
import { clairV4 } from './clair-v4/index.ts'
import { clairNotification } from './clair-v4/notification.ts'
import type { Api } from './contract.ts'

/** Every API that the server answers. */
export const apis: readonly Api[] = [clairV1, clairV3, clairV4, chiaroV1]

/** What brokers are told of a change, where they are to have that itself: Clair v4's form. */
export const notificationForm = clairNotification
