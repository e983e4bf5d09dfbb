import { expect, it } from 'vitest'
import { dpkgVendor } from './dpkg-vendor.ts'

const maintained = (maintainer: string) => dpkgVendor({ origin: undefined, vendor: undefined, maintainer })

it.each([
  ['Docker', 'Docker <support@docker.com>'],
  ['NodeSource Support', 'NodeSource Support <support@nodesource.com>'],
  ['NVIDIA CORPORATION', 'NVIDIA CORPORATION <cudatools@nvidia.com>'],
  ['Google Cloud CLI Authors', 'Google Cloud CLI Authors <https://code.google.com/p/google-cloud-sdk/>'],
  ['MongoDB Packaging', 'MongoDB Packaging <packaging@mongodb.com>'],
  ['HashiCorp', 'HashiCorp <support@hashicorp.com>'],
  ['NGINX Packaging', 'NGINX Packaging <nginx-packaging@f5.com>'],
  ['Oracle MySQL Product Engineering Team', 'Oracle MySQL Product Engineering Team <mysql-build@oss.oracle.com>'],
  ['support@sample.example', 'support@sample.example'],
])('the maintainer tells that %s made it', (vendor, maintainer) => {
  expect(maintained(maintainer)).toBe(vendor)
})

it.each([
  'Debian GCC Maintainers <debian-gcc@lists.debian.org>',
  'Debian sysvinit maintainers <debian-init-diversity@chiark.greenend.org.uk>',
  'RPM packaging team <team+pkg-rpm@tracker.debian.org>',
  'Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>',
  'Dimitri John Ledkov <dimitri.ledkov@canonical.com>',
  "Marco d'Itri <md@linux.it>",
  'Jonathan Nieder <jrnieder@gmail.com>',
  'Ileana Dumitrescu <ileanadumitrescu95@gmail.com>',
  'Yangfl <mmyangfl@gmail.com>',
  '<someone@sample.example>',
  '',
])('does not hold %s for a third party', (maintainer) => {
  expect(maintained(maintainer)).toBeUndefined()
})

it('Origin and Vendor go before the maintainer, who may be a person', () => {
  const maintainer = 'A Person <person@sample.example>'
  expect(dpkgVendor({ origin: 'Sample', vendor: undefined, maintainer })).toBe('Sample')
  expect(dpkgVendor({ origin: undefined, vendor: 'Sample Inc', maintainer })).toBe('Sample Inc')
  expect(dpkgVendor({ origin: '', vendor: '', maintainer: 'Docker <support@docker.com>' })).toBe('Docker')
})
