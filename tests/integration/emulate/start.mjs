// Starts emulate's GitHub and Slack on free ports of the loopback and prints their addresses as one line of JSON.
// The first line of standard input is the seed; when standard input ends, everything stops.

import { createInterface } from 'node:readline'
import { createEmulator } from 'emulate'

const lines = createInterface({ input: process.stdin })
lines.once('line', async (line) => {
  const seed = JSON.parse(line)
  const started = {}
  for (const service of ['github', 'slack']) {
    const emulator = await createEmulator({ service, port: 0, hostname: '127.0.0.1', seed })
    started[service] = emulator.url.replace('localhost', '127.0.0.1')
    for (const secret of emulator.generatedSecrets) started[secret.kind] = secret.value
  }
  console.log(JSON.stringify(started))
})
lines.on('close', () => process.exit(0))
