/**
 * Where one soak happens: a store, the second database beside it, and a Request Manager.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import { Dice } from "./Dice.ts"
import { Effects } from "./Effects.ts"
import { Manager } from "./Manager.ts"
import { StoreReader } from "./StoreReader.ts"
import type { Task } from "./worker.ts"
import { WorkerProcess } from "./WorkerProcess.ts"

export class Bench {
  readonly directory = mkdtempSync(Path.join(tmpdir(), "jobchain-soak-"))
  readonly store = Path.join(this.directory, "store.db")
  readonly manager: Manager
  readonly effects: Effects
  private readonly effectsFile = Path.join(this.directory, "effects.db")
  private address = ""
  private reader: StoreReader | undefined
  private workers = 0

  private constructor(seed: number) {
    this.manager = new Manager(new Dice(seed))
    this.effects = new Effects(this.effectsFile)
  }

  static async open(seed: number): Promise<Bench> {
    const bench = new Bench(seed)
    bench.address = await bench.manager.listen()
    return bench
  }

  /** Reads the store, which a worker has to have made before. */
  get stored(): StoreReader {
    return this.reader ??= new StoreReader(this.store)
  }

  /** Makes a task of its own kind for one worker. */
  task(some: Pick<Task, "seed"> & Partial<Task>): Task {
    return {
      store: this.store,
      effects: this.effectsFile,
      manager: this.address,
      lease: 10_000,
      name: `w${++this.workers}`,
      chains: 0,
      only: [],
      sayAfterRuns: 0,
      ...some
    }
  }

  /**
   * Has a worker run all that is left, and says whether it got to its end in that time. What hangs is shown by it, and does not
   * keep the soak.
   */
  async finish(seed: number, millisMax: number): Promise<boolean> {
    const worker = await WorkerProcess.start()
    worker.tell(this.task({ seed }))
    const limit = setTimeout(() => worker.signal("SIGKILL"), millisMax)
    const end = await worker.ended()
    clearTimeout(limit)
    return end === 0
  }

  close(keep: boolean): void {
    this.manager.close()
    this.effects.close()
    this.reader?.close()
    if (keep) console.error(`The databases are in ${this.directory}`)
    else rmSync(this.directory, { recursive: true, force: true })
  }
}
