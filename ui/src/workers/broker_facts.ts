/** How a worker is connected to its broker, in words. Source: kombu/connection.py `Connection.info`,
 * in which the server has masked what is secret. */

import { formatDuration } from '../format/duration'
import { plural } from '../format/number'
import { isNull, member, numberAt, textAt, toValue } from '../json/convert'
import type { Json } from '../json/parse'
import { inline } from '../values/inline'
import { withoutGaps, type Fact } from './facts'

export function brokerFacts(broker: Json | null): Fact[] {
  return withoutGaps([
    ['Transport', transportOf(broker)],
    ['Host', hostOf(broker)],
    [textAt(broker, 'transport')?.startsWith('redis') ? 'Database' : 'Virtual host', textAt(broker, 'virtual_host')],
    ['User', textAt(broker, 'userid')],
    ['TLS', tlsOf(member(broker, 'ssl'))],
    ['Log-in', textAt(broker, 'login_method')],
    ['Heartbeat', heartbeatOf(broker)],
    ['Gives up connecting', after(numberAt(broker, 'connect_timeout'))],
    ['Failover', failoverOf(broker)],
    ['Options', optionsOf(member(broker, 'transport_options'))],
  ])
}

function transportOf(broker: Json | null): string | null {
  const prefix = textAt(broker, 'uri_prefix')
  const transport = textAt(broker, 'transport')
  return transport !== null && prefix !== null ? `${prefix}+${transport}` : transport
}

/** "rabbit.eu:5672" */
function hostOf(broker: Json | null): string | null {
  const host = textAt(broker, 'hostname')
  const port = textAt(broker, 'port')
  return host === null || port === null || host.includes('://') ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function tlsOf(ssl: Json | null): string | null {
  if (ssl === null) return null
  const isOff = isNull(ssl) || (ssl.kind === 'word' && ssl.text === 'false') || (ssl.kind === 'object' && ssl.members.length === 0)
  return isOff ? 'no' : 'yes'
}

function heartbeatOf(broker: Json | null): string | null {
  if (member(broker, 'heartbeat') === null) return null
  const seconds = numberAt(broker, 'heartbeat') ?? 0
  return seconds === 0 ? 'none' : `every ${formatDuration(seconds)}`
}

function after(seconds: number | null): string | null {
  return seconds === null || seconds === 0 ? null : `after ${formatDuration(seconds)}`
}

function failoverOf(broker: Json | null): string | null {
  const alternates = member(broker, 'alternates')
  if (alternates?.kind !== 'array') return null
  const others = alternates.items.flatMap((item) => (item.kind === 'text' ? [item.text] : []))
  if (others.length === 0) return 'to no other address'
  const strategy = textAt(broker, 'failover_strategy')
  return `to ${plural(others.length, 'other address', 'other addresses')}${strategy === null ? '' : `, ${strategy}`}: ${others.join(', ')}`
}

function optionsOf(options: Json | null): string | null {
  if (options?.kind !== 'object' || options.members.length === 0) return null
  return options.members.map(({ key, value }) => `${key} ${inline(toValue(value))}`).join(', ')
}
