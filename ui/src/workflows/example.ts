/** Tasks of workflows, for tests. */

import type { ExpectedTask, WorkflowNode } from '../api/schema'

export function aNode(uuid: string, more: Partial<WorkflowNode> = {}): WorkflowNode {
  return {
    uuid, name: `shop.${uuid}`, state: 'SUCCESS', parent_id: null, seen: 0, sent: null, received: null, started: null,
    finished: null, runtime: null, wait: null, eta: null, retries: 0, worker: null, queue: null, error: null, group_id: null,
    chord_id: null, canvas_source: null, runs: [], ...more,
  }
}

export function anExpected(uuid: string, more: Partial<ExpectedTask> = {}): ExpectedTask {
  return {
    uuid, name: `shop.${uuid}`, kind: 'chord', state: 'blocked', after: null, members: 3, ended: 3, failed: ['p1'],
    source: 'worker', group_id: null, returned: null, result_state: null, queue: null, ...more,
  }
}
