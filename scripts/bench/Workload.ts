/**
 * Something that is measured, and who takes part in it. All of them are in `Workloads.ts`.
 */
import type { Case } from "./Case.ts"

/** What keeps what runs: the memory of its process, or a database that survives it; or what else is measured. */
export type Group = "memory" | "durable" | "commands" | "reading"

export interface Workload {
  readonly group: Group
  /** The same in two groups where only the contestants differ. */
  readonly name: string
  readonly title: string
  /** How many jobs are run, each of their tries counted. */
  readonly jobs: number
  readonly contestants: ReadonlyArray<string>
  /** Those of `--quick`; none where it leaves the workload out. */
  readonly quick: ReadonlyArray<string>
  /** Why others do not take part. */
  readonly note?: string
  /** Returns the contestant that another one is compared with. */
  readonly floorOf: (contestant: string) => string
  readonly load: (contestant: string) => Promise<Case>
}
