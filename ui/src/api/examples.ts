/** Values for tests, complete, of which a test names what it is about. */

import type { Me } from './control_types'
import type { Task } from './types'

export function exampleTask(more: Partial<Task> = {}): Task {
  return {
    uuid: 'd3f1',
    state: 'PENDING',
    seen: 0,
    timestamp: 0,
    changed: 0,
    name: 'shop.orders.charge',
    worker: null,
    queue: null,
    sent: null,
    received: null,
    started: null,
    finished: null,
    succeeded: null,
    failed: null,
    retried: null,
    revoked: null,
    rejected: null,
    runtime: null,
    wait: null,
    retries: 0,
    eta: null,
    expires: null,
    root_id: null,
    parent_id: null,
    args: null,
    kwargs: null,
    result: null,
    exception: null,
    error: null,
    exchange: null,
    routing_key: null,
    client: null,
    pid: null,
    clock: null,
    flags: [],
    intent: null,
    doubt: null,
    traceback: null,
    attempts: [],
    notes: [],
    repeats: [],
    repeated_by: [],
    repetitions: [],
    ...more,
  }
}

export function exampleMe(more: Partial<Me> = {}): Me {
  return {
    name: 'ann',
    role: 'admin',
    permissions: ['read', 'operate', 'administer'],
    read_only: false,
    login: true,
    via: 'browser',
    provider: 'password',
    label: 'Password',
    email: null,
    because: '',
    grants: [],
    access: [],
    session: null,
    claims: {},
    second_factor: { possible: false, since: null, required: false },
    ...more,
  }
}
