/**
 * The topics of `amazon-linux-extras`, each a repository of its own for Amazon Linux 2
 * (https://cdn.amazonlinux.com/2/extras-catalog.json, as `amazon-linux-extras list` shows it; `epel`, `firecracker` and `testing`
 * have no packages of Amazon's). Some get no updates any more, but images still have their packages.
 */
export const topics: readonly string[] = [
  'BCC',
  'GraphicsMagick1.3',
  'R3.4',
  'R4',
  'ansible2',
  'aws-nitro-enclaves-cli',
  'awscli1',
  'collectd',
  'collectd-python3',
  'corretto8',
  'dnsmasq',
  'dnsmasq2.85',
  'docker',
  'ecs',
  'firefox',
  'gimp',
  'golang1.11',
  'golang1.19',
  'haproxy2',
  'httpd_modules',
  'java-openjdk11',
  'kernel-5.10',
  'kernel-5.15',
  'kernel-5.4',
  'kernel-ng',
  'lamp-mariadb10.2-php7.2',
  'libreoffice',
  'livepatch',
  'lustre',
  'lustre2.10',
  'lynis',
  'mariadb10.5',
  'mate-desktop1.x',
  'memcached1.5',
  'mock',
  'mock2',
  'mono',
  'nginx1',
  'nginx1.12',
  'php7.2',
  'php7.3',
  'php7.4',
  'php8.0',
  'php8.1',
  'php8.2',
  'postgresql10',
  'postgresql11',
  'postgresql12',
  'postgresql13',
  'postgresql14',
  'postgresql9.6',
  'python3.8',
  'redis4.0',
  'redis6',
  'ruby2.4',
  'ruby2.6',
  'ruby3.0',
  'rust1',
  'selinux-ng',
  'squid4',
  'tomcat8.5',
  'tomcat9',
  'unbound1.13',
  'unbound1.17',
  'vim',
]

/**
 * The beginning of the versions that packages of a topic have: `14` of `postgresql14` for 14.8, `7.2` of
 * `lamp-mariadb10.2-php7.2` for 7.2.34. `undefined` for a version that the topic's name says nothing of.
 */
export function lineOf(topic: string, version: string): string | undefined {
  const numbers = topic.match(/\d+(?:\.\d+)*/g) ?? []
  return numbers.find((number) => version === number || version.startsWith(`${number}.`))
}
