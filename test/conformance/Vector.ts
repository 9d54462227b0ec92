/**
 * The format of the conformance vectors: a chain, a script for its jobs, and what must come of it.
 *
 * Only what a vector lists under `expect` is compared. See `run.ts` for how one is run.
 */
import type { JobChain, SuspendedJobChain } from "../../src/domain/JobChain.ts"
import type { FaultKind } from "../../src/domain/Validation.ts"
import type { Behaviour } from "../../src/testing/ScriptedJobs.ts"

export interface RunVector {
  readonly name: string
  readonly tags: ReadonlyArray<string>
  readonly chain?: JobChain | null
  readonly suspended?: SuspendedJobChain | null
  readonly behaviours: Readonly<Record<string, ReadonlyArray<Behaviour>>>
  readonly factoryErrors: ReadonlyArray<string>
  readonly action: Action | null
  readonly rm?: {
    readonly jobLogFailures?: number
    readonly finishFailures?: number
    readonly suspendFailures?: number
  }
  readonly config?: { readonly stopTimeoutMs?: number }
  readonly expect: Readonly<Record<string, unknown>>
}

/** A stop or suspend, done once when all its conditions hold and nothing else happens. */
export interface Action {
  readonly op: "stop" | "suspend"
  readonly whenRunning?: ReadonlyArray<string>
  readonly whenSleeping?: ReadonlyArray<string>
  readonly whenJobLogs?: number
  readonly settleMs?: number
  readonly atStart?: boolean
  readonly whenDone?: boolean
  readonly thenStop?: boolean
}

export interface ValidationVector {
  readonly name: string
  readonly tags: ReadonlyArray<string>
  readonly chain: unknown
  readonly new: boolean
  readonly expect: {
    readonly valid: boolean
    readonly faults: ReadonlyArray<FaultKind>
    readonly mayReport?: ReadonlyArray<FaultKind>
  }
}
