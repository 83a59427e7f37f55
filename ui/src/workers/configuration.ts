/** The settings of a worker, and where Celery's documentation tells of each. */

import type { Json } from '../json/parse'

export interface Setting {
  name: string
  value: Json
  /** Null for what is none of Celery's settings by its name. */
  docs: string | null
}

const DOCS = 'https://docs.celeryq.dev/en/stable/userguide/configuration.html#std-setting-'
/** How the names of Celery's settings begin. */
const SECTIONS = /^(?:accept_content|enable_utc|timezone|imports|include|result_|task_|broker_|worker_|beat_|event_|control_|security_|redis_|database_|cache_|cassandra_|elasticsearch_|mongodb_|arangodb_|azureblockblob_|gcs_|s3_|dynamodb_|couchbase_|couchdb_|cosmosdbsql_|filesystem_)[a-z0-9_]*$/

export function settings(value: Json): Setting[] {
  const members = value.kind === 'object' ? value.members : []
  return members
    .map(({ key, value }) => ({ name: key, value, docs: SECTIONS.test(key) ? `${DOCS}${key}` : null }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
