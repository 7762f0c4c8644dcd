// A Helia node on a loopback port, which meets nobody that it isn't told of. It reads a command a
// line, as JSON, and answers each with a line.
import { createInterface } from 'node:readline'
import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'

const helia = withBitswap(
  withLibp2pLight(createHeliaLight({ blockBrokers: [], routers: [] }), {
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() }
  })
)
await helia.start()
const files = unixfs(helia)

async function joined (pieces) {
  const held = []
  for await (const piece of pieces) held.push(piece)
  return Buffer.concat(held)
}

const commands = {
  addresses: () => helia.libp2p.getMultiaddrs().map(String),
  connect: async ({ address }) => { await helia.libp2p.dial(multiaddr(address)) },
  put: async ({ cid, data }) => { await helia.blockstore.put(CID.parse(cid), Buffer.from(data, 'base64')) },
  has: async ({ cid }) => await helia.blockstore.has(CID.parse(cid)),
  get: async ({ cid, seconds }) => {
    const signal = AbortSignal.timeout(seconds * 1000)
    return (await joined(helia.blockstore.get(CID.parse(cid), { signal }))).toString('base64')
  },
  add: async ({ data }) => String(await files.addBytes(Buffer.from(data, 'base64'))),
  cat: async ({ cid, seconds }) => {
    const signal = AbortSignal.timeout(seconds * 1000)
    return (await joined(files.cat(CID.parse(cid), { signal }))).toString('base64')
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...given } = JSON.parse(line)
  let answer
  try {
    answer = { found: (await commands[command](given)) ?? null }
  } catch (error) {
    answer = { error: String(error) }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
process.exit(0)
