import type { Command } from 'commander'
import { parseDuration, parsePlatform, parseTime, parseWord } from '../../config/values.ts'
import { findingOrders } from '../../core/finding-order.ts'
import { severities } from '../../core/severity.ts'
import { addOption } from '../option.ts'
import type { CommandContext } from '../program.ts'
import { runScan, type ScanOptions } from '../run/scan.ts'
import { addFeedOptions, addRegistryOptions, addTerminalOptions } from './options.ts'

const formats = ['table', 'json'] as const

const examples = `
Images:
  [registry:]NAME[:TAG][@DIGEST]                of a registry: debian:12
  docker:NAME, podman:NAME                      of the local daemon
  docker-archive:FILE, oci-archive:FILE         in a tar archive
  oci-layout:DIR[:TAG], rootfs:DIR              in a directory
  ./FILE, ./DIR                                 an archive or layout

Examples:
  chiaro scan debian:12
  chiaro scan --severity high --only-fixed ghcr.io/owner/app:1.4
  chiaro scan --fail-on high --strict --output json=report.json app.tar
  chiaro scan --offline --mirror /srv/feeds oci-layout:./image

Exit codes:
  0  passed
  1  --fail-on was reached
  2  could not scan
  3  --strict, and the report has gaps (1 goes before 3)

--severity chooses what is shown and never weakens --fail-on. --only-fixed
leaves findings without a fix out of both. "unknown" is below "negligible":
--fail-on any, or unknown, minds findings that nobody has rated.`

/** Defines `chiaro scan`. */
export function defineScan(program: Command, context: CommandContext): void {
  const command = program
    .command('scan')
    .summary('find the known vulnerabilities of an image')
    .description(
      'Finds the packages of a container image and their known vulnerabilities, and says what it could not tell.',
    )
    .argument('<image>', 'reference of the image, see below')
    .addHelpText('after', examples)
  addReportOptions(command)
  addGateOptions(command)
  addImageOptions(command)
  addFeedOptions(command)
  addOption(
    command,
    'Vulnerability data:',
    '--max-data-age <time>',
    'bring older data up to date first: 90m, 24h, 7d',
    {
      env: 'CHIARO_MAX_DATA_AGE',
      parse: parseDuration,
      default: parseDuration('24h'),
      defaultWords: '24h',
    },
  )
  addOption(command, 'Vulnerability data:', '--no-enrich', 'do without CVSS scores, EPSS and KEV', {
    env: 'CHIARO_NO_ENRICH',
  })
  addOption(command, 'Vulnerability data:', '--as-of <time>', 'answer with the data as it was then: 2026-03-01', {
    env: 'CHIARO_AS_OF',
    parse: parseTime,
  })
  addTerminalOptions(command)
  command.action((image: string, options: ScanOptions) =>
    context.run(command, (signal) => runScan(image, options, signal)),
  )
}

function addReportOptions(command: Command): void {
  const group = 'Report:'
  addOption(command, group, '--format <format>', `format on standard output: ${formats.join(', ')} (default: table)`, {
    env: 'CHIARO_FORMAT',
    parse: parseWord(formats),
    defaultWords: 'table',
  })
  addOption(
    command,
    group,
    '--output <format=file>',
    'also write this format to a file, - is standard output; repeatable',
    {
      repeated: true,
    },
  )
  addOption(command, group, '--severity <level>', `show this severity and above: ${severities.join(', ')}`, {
    env: 'CHIARO_SEVERITY',
    parse: parseWord(severities),
  })
  addOption(command, group, '--only-fixed', 'show and judge only findings that have a fix', {
    env: 'CHIARO_ONLY_FIXED',
  })
  addOption(command, group, '--all', 'also findings that mean nothing for their package: kernel headers', {
    env: 'CHIARO_ALL',
  })
  addOption(command, group, '--sort <order>', `the order of findings: ${findingOrders.join(', ')}`, {
    env: 'CHIARO_SORT',
    parse: parseWord(findingOrders),
    default: 'severity',
    defaultWords: 'severity',
  })
}

function addGateOptions(command: Command): void {
  const group = 'Pass or fail:'
  addOption(command, group, '--fail-on <level>', 'exit 1 on a finding of this severity or above, or "any"', {
    env: 'CHIARO_FAIL_ON',
    parse: parseWord([...severities, 'any']),
  })
  addOption(command, group, '--strict', 'exit 3 if the report has gaps', { env: 'CHIARO_STRICT' })
}

function addImageOptions(command: Command): void {
  const group = 'Image and registry:'
  addOption(
    command,
    group,
    '--platform <os/arch>',
    "platform of a multi-platform image (default: linux, this machine's)",
    {
      env: 'CHIARO_PLATFORM',
      parse: parsePlatform,
    },
  )
  addRegistryOptions(command, group)
}
