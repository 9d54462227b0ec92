/**
 * What keeps chains on disk. So far: a client for Node's own SQLite, which knows nothing of chains.
 *
 * @since 0.1.0
 */
export * as NodeSqlite from "./NodeSqlite.ts"
