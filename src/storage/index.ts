/**
 * What keeps chains on disk: the store, and the client for Node's own SQLite that it is built on.
 *
 * @since 0.1.0
 */
export type * as ChainList from "./ChainList.ts"
export { ChainNotEnded } from "./ChainRetry.ts"
export { type ChainStatus, ChainStore, type JobStanding } from "./ChainStore.ts"
export { ChainEnded, ChainNotStored, ChainOwned, type Claimed } from "./Claim.ts"
export { DamagedRow } from "./DamagedRow.ts"
export type { EndedTry } from "./LogRows.ts"
export { NewerDatabase } from "./Migrations.ts"
export * as NodeSqlite from "./NodeSqlite.ts"
export type { RefusedReport, ReportStanding } from "./OutboxRows.ts"
export type { Written } from "./OutputRows.ts"
export { LeaseLost, type Owner } from "./Ownership.ts"
export { StorageFailed } from "./Patience.ts"
export * as Store from "./Store.ts"
