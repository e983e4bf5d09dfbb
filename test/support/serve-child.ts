import { startTestServer, type TestServerOptions } from './server.ts'

/** A server in a process of its own, which can be killed. The options come as JSON; that it listens is told with its addresses. */
const options = JSON.parse(process.argv[2]!) as TestServerOptions
const { urls } = await startTestServer(options, (line) => void process.stderr.write(line))
process.stdout.write(`${JSON.stringify(urls)}\n`)
