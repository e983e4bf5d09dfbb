import { describe, expect, it } from 'vitest'
import { productOf } from './products.ts'

describe('the products of SUSE', () => {
  it.each([
    ['SUSE:Linux Enterprise Server 15', 'suse:sles:15'],
    ['SUSE:Linux Enterprise Server 15 SP5', 'suse:sles:15.5'],
    ['SUSE:Linux Enterprise Server 15 SP5-LTSS', 'suse:sles:15.5 extended'],
    ['SUSE:Linux Enterprise Server for SAP Applications 15 SP5', 'suse:sles:15.5 extended'],
    ['SUSE:Linux Enterprise Server for SAP applications 16.0', 'suse:sles:16.0 extended'],
    ['SUSE:Linux Enterprise High Performance Computing 15 SP4', 'suse:sles:15.4'],
    ['SUSE:Linux Enterprise High Performance Computing 15 SP4-ESPOS', 'suse:sles:15.4 extended'],
    ['SUSE:Linux Enterprise Server LTSS Extended Security 12 SP5', 'suse:sles:12.5 extended'],
    ['SUSE:Linux Enterprise Server 11 SP4 LTSS EXTREME CORE', 'suse:sles:11.4 extended'],
    ['SUSE:Linux Enterprise Module for Basesystem 15 SP6', 'suse:sles:15.6'],
    ['SUSE:Linux Enterprise Module for Python 3 15 SP5', 'suse:sles:15.5'],
    ['SUSE:Linux Enterprise Module for Basesystem 15', 'suse:sles:15'],
    ['SUSE:Linux Enterprise Module for Web and Scripting 12', 'suse:sles-modules:12'],
    ['SUSE:Linux Enterprise Server 12', 'suse:sles:12'],
    ['SUSE:Package Hub 15 SP6', 'suse:sles:15.6'],
    ['SUSE:Package Hub 12', 'suse:sles-modules:12'],
    ['SUSE:Real Time Module 15 SP5', 'suse:sles:15.5'],
    ['SUSE:Linux Enterprise Micro 5.5', 'suse:sle-micro:5.5'],
    ['SUSE:Linux Enterprise Micro for Rancher 5.3', 'suse:sle-micro:5.3'],
    ['SUSE:Linux Micro 6.0', 'suse:sle-micro:6.0'],
    ['openSUSE:Leap 15.6', 'suse:leap:15.6'],
    ['openSUSE:Leap 15.6 NonFree', 'suse:leap:15.6'],
    ['openSUSE:13.2', 'suse:leap:13.2'],
    ['openSUSE:Leap Micro 5.5', 'suse:leap-micro:5.5'],
    ['openSUSE:Tumbleweed', 'suse:tumbleweed'],
  ])('%s: %s', (ecosystem, expected) => {
    const product = productOf(ecosystem)
    expect(product && product.scope + (product.extended ? ' extended' : '')).toBe(expected)
  })

  it.each([
    'SUSE:Linux Enterprise Server 15 SP4-TERADATA',
    'SUSE:Linux Enterprise Installer Updates 15 SP5',
    'SUSE:Manager Server 4.3',
    'SUSE:Manager Client Tools for SLE Micro 5',
    'SUSE:Enterprise Storage 7.1',
    'SUSE:OpenStack Cloud 9',
    'SUSE:EL-9:Update:Products:SaltBundle:Update',
    'SUSE:Manager Client Tools for RHEL, Liberty and Clones 9-CLIENT-TOOLS',
    'Debian:12',
    '',
  ])('%s is none of the distributions', (ecosystem) => {
    expect(productOf(ecosystem)).toBeUndefined()
  })
})
