/** The script of the `SharedWorker` that holds the live stream of all windows of a browser. */

import { LiveHub, type LiveRequest } from './live_hub'

const hub = new LiveHub()

addEventListener('connect', (event) => {
  const [port] = (event as MessageEvent).ports
  if (port === undefined) return
  port.onmessage = ({ data }: MessageEvent<LiveRequest>) => hub.receive(port, data)
  // A window that does not hear that the worker runs opens a stream of its own.
  port.postMessage('ready')
})
