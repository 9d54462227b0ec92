/**
 * Where one soak happens: a store, the second database beside it, and a Request Manager.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import { Server } from "../../test/storage/postgres/Server.ts"
import type { Arguments } from "./Arguments.ts"
import { Dice } from "./Dice.ts"
import { Effects } from "./Effects.ts"
import { Manager } from "./Manager.ts"
import { StoreReader } from "./StoreReader.ts"
import type { Task } from "./worker.ts"
import { WorkerProcess } from "./WorkerProcess.ts"

export class Bench {
  readonly directory = mkdtempSync(Path.join(tmpdir(), "jobchain-soak-"))
  readonly manager: Manager
  readonly effects: Effects
  private readonly effectsFile = Path.join(this.directory, "effects.db")
  private readonly server: Server | undefined
  private address = ""
  private reader: Promise<StoreReader> | undefined
  private workers = 0
  private code = ""

  private constructor(seed: number, server: Server | undefined) {
    this.manager = new Manager(new Dice(seed))
    this.effects = new Effects(this.effectsFile)
    this.server = server
  }

  static async open({ database, seed }: Pick<Arguments, "database" | "seed">): Promise<Bench> {
    const bench = new Bench(seed, database === "postgres" ? await Server.make() : undefined)
    bench.address = await bench.manager.listen()
    bench.code = await WorkerProcess.bundle(Path.join(bench.directory, "code"))
    return bench
  }

  /** The path, or the URL, of the store. */
  get store(): string {
    return this.server?.url ?? Path.join(this.directory, "store.db")
  }

  /** Reads the store, which a worker has to have made before. */
  get stored(): Promise<StoreReader> {
    return this.reader ??= StoreReader.open(this.store)
  }

  /** Starts a process that is to be told what to do. */
  startWorker(): Promise<WorkerProcess> {
    return WorkerProcess.start(this.code)
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
    const worker = await this.startWorker()
    worker.tell(this.task({ seed }))
    const limit = setTimeout(() => worker.signal("SIGKILL"), millisMax)
    const end = await worker.ended()
    clearTimeout(limit)
    return end === 0
  }

  async close(keep: boolean): Promise<void> {
    this.manager.close()
    this.effects.close()
    await (await this.reader)?.close()
    if (keep) {
      await this.server?.stop()
      console.error(`The databases are in ${[this.directory, this.server?.directory ?? []].flat().join(" and ")}`)
    } else {
      await this.server?.remove()
      rmSync(this.directory, { recursive: true, force: true })
    }
  }
}
