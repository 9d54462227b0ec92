/**
 * A store's chain repo that a test can cut off at any of its writes, before or after, as a crash of the process would.
 */
import { Effect, Layer } from "effect"
import { ChainRepo } from "../../src/engine/ChainRepo.ts"
import type { Checkpoint } from "../../src/engine/Checkpoint.ts"
import type { Rig } from "../../src/testing/Rig.ts"
import type { Cut, Cuttable } from "../engine/CutRun.ts"
import type { TestStore } from "./TestStore.ts"

export class CutRepo implements Cuttable {
  writes = 0
  isCut = false
  /** Ids of the jobs that were started. */
  readonly started: Array<string> = []
  private readonly store: TestStore
  private readonly cut: Cut | undefined
  /** Called after each write that was kept. */
  private readonly kept: (checkpoint: Checkpoint) => Effect.Effect<void>

  constructor(
    store: TestStore,
    cut: Cut | undefined,
    kept: (checkpoint: Checkpoint) => Effect.Effect<void> = () => Effect.void
  ) {
    this.store = store
    this.cut = cut
    this.kept = kept
  }

  layer(rig: Rig): Layer.Layer<ChainRepo> {
    const { repo } = this.store
    return Layer.succeed(ChainRepo, {
      ...repo,
      add: (chain) => rig.count(repo.add(chain)),
      set: (checkpoint) => Effect.suspend(() => this.set(rig, checkpoint)),
      remove: (requestId) => Effect.suspend(() => this.isCut ? Effect.never : rig.count(repo.remove(requestId)))
    })
  }

  private set(rig: Rig, checkpoint: Checkpoint): Effect.Effect<void> {
    const number = ++this.writes
    const isHere = this.cut?.write === number
    if (this.isCut || (isHere && this.cut?.when === "before")) return this.cutOff
    const { graph } = checkpoint.chain
    this.started.push(...checkpoint.starting.map((job) => graph.ids[job] as string))
    const written = rig.count(Effect.andThen(this.store.repo.set(checkpoint), this.kept(checkpoint)))
    return isHere ? Effect.andThen(written, this.cutOff) : written
  }

  private get cutOff(): Effect.Effect<never> {
    return Effect.suspend(() => {
      this.isCut = true
      return Effect.never
    })
  }
}
