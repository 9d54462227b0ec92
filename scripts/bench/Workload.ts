/**
 * Something that is measured, and who takes part in it. All of them are in `Workloads.ts`.
 */
import type { Case } from "./Case.ts"

export interface Workload {
  readonly name: string
  readonly title: string
  /** How many jobs are run, each of their tries counted. */
  readonly jobs: number
  readonly contestants: ReadonlyArray<string>
  /** Those of `--quick`; none where it leaves the workload out. */
  readonly quick: ReadonlyArray<string>
  /** Why others do not take part. */
  readonly note?: string
  readonly load: (contestant: string) => Promise<Case>
}
