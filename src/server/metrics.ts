/** Labels of one value, in the order of the metric's names. */
type Labels = readonly string[]

/** What every metric has. */
interface MetricInfo {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
}

/** Something that only grows. */
export interface Counter {
  add(labels: Labels, amount?: number): void
}

/** Something that goes up and down. */
export interface Gauge {
  set(labels: Labels, value: number): void
  add(labels: Labels, amount: number): void
}

/** How values are spread. */
export interface Histogram {
  observe(labels: Labels, value: number): void
}

/** All metrics of a server, in Prometheus' text format (version 0.0.4). */
export interface Metrics {
  counter(info: MetricInfo): Counter
  gauge(info: MetricInfo): Gauge
  histogram(info: MetricInfo & { readonly buckets: readonly number[] }): Histogram
  /** Calls `update` before each reading, for what is only known then. */
  onRead(update: () => void | Promise<void>): void
  text(): Promise<string>
}

export function createMetrics(): Metrics {
  const metrics = new Map<string, { readonly lines: () => readonly string[] }>()
  const updates: (() => void | Promise<void>)[] = []

  function numbers(info: MetricInfo, type: 'counter' | 'gauge'): Gauge {
    const values = new Map<string, number>()
    const lines = () => [...values].map(([key, value]) => `${info.name}${key} ${value}`)
    register(info, type, lines)
    return {
      set: (labels, value) => void values.set(labelText(info.labels, labels), value),
      add(labels, amount) {
        const key = labelText(info.labels, labels)
        values.set(key, (values.get(key) ?? 0) + amount)
      },
    }
  }

  function register(info: MetricInfo, type: string, lines: () => readonly string[]): void {
    if (metrics.has(info.name)) throw new TypeError(`there is a metric ${info.name} already`)
    const head = [`# HELP ${info.name} ${info.help}`, `# TYPE ${info.name} ${type}`]
    metrics.set(info.name, { lines: () => [...head, ...lines()] })
  }

  return {
    counter(info) {
      const values = numbers(info, 'counter')
      return { add: (labels, amount = 1) => values.add(labels, amount) }
    },
    gauge: (info) => numbers(info, 'gauge'),
    histogram(info) {
      const rows = new Map<string, HistogramRow>()
      register(info, 'histogram', () => [...rows.values()].flatMap((row) => histogramLines(info, row)))
      return {
        observe(labels, value) {
          const key = labelText(info.labels, labels)
          const row = rows.get(key) ?? { labels, counts: info.buckets.map(() => 0), sum: 0, count: 0 }
          rows.set(key, row)
          for (const [index, bound] of info.buckets.entries()) if (value <= bound) row.counts[index]!++
          row.sum += value
          row.count++
        },
      }
    },
    onRead: (update) => void updates.push(update),
    async text() {
      for (const update of updates) await update()
      return `${[...metrics.values()].flatMap(({ lines }) => lines()).join('\n')}\n`
    },
  }
}

interface HistogramRow {
  readonly labels: Labels
  /** How many values are no larger than each bucket's bound. */
  readonly counts: number[]
  sum: number
  count: number
}

function histogramLines(
  { name, labels, buckets }: MetricInfo & { readonly buckets: readonly number[] },
  row: HistogramRow,
): readonly string[] {
  const bucket = (bound: string, count: number) =>
    `${name}_bucket${labelText([...labels, 'le'], [...row.labels, bound])} ${count}`
  const text = labelText(labels, row.labels)
  return [
    ...buckets.map((bound, index) => bucket(String(bound), row.counts[index]!)),
    bucket('+Inf', row.count),
    `${name}_sum${text} ${row.sum}`,
    `${name}_count${text} ${row.count}`,
  ]
}

function labelText(names: readonly string[], values: Labels): string {
  if (names.length === 0) return ''
  const pairs = names.map((name, index) => `${name}="${escaped(values[index] ?? '')}"`)
  return `{${pairs.join(',')}}`
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}
