/** What is odd about a task, in sentences that say what it means. */

const SENTENCES: Record<string, string> = {
  redelivered:
    'The broker delivered an attempt of this task more than once. On Redis that happens when a task waits or runs longer than the visibility timeout; elsewhere when a worker is lost before it acknowledges.',
  'ran-again':
    'A run began after the task had already ended. What it does may have been done twice.',
  partial:
    'Some events of this task were never seen, so parts of its history are missing.',
  shortened:
    'This task told more events than are kept; only the first and the last of each kind are shown.',
  expired: 'It was revoked because it expired before a worker could start it.',
  terminated: 'It was revoked by ending the process that ran it.',
  reconciled: 'Some of it was not heard but asked for, since events were missing.',
}

export function flagSentence(flag: string): string {
  return SENTENCES[flag] ?? `It is flagged “${flag}”.`
}
