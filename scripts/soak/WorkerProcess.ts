/**
 * A worker, seen from outside.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import * as Path from "node:path"
import { build } from "rolldown"
import type { Saying, Task } from "./worker.ts"

export class WorkerProcess {
  private readonly child: ChildProcess

  private constructor(child: ChildProcess) {
    this.child = child
  }

  /** Bundles the code of workers into a folder, and returns its file: from its sources a worker takes four times as long to start. */
  static async bundle(folder: string): Promise<string> {
    await build({
      input: { worker: Path.join(import.meta.dirname, "worker.ts") },
      platform: "node",
      output: { dir: folder, format: "esm", entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs" }
    })
    return Path.join(folder, "worker.mjs")
  }

  /** Starts one that has all its code loaded. */
  static async start(file: string): Promise<WorkerProcess> {
    const child = spawn(process.execPath, [file], {
      stdio: ["ignore", "inherit", "inherit", "ipc"]
    })
    const worker = new WorkerProcess(child)
    await worker.said("ready")
    return worker
  }

  tell(task: Task): void {
    this.child.send(task)
  }

  async said(expected: Saying): Promise<void> {
    const [saying] = await Promise.race([once(this.child, "message"), this.failed()]) as [Saying]
    if (saying !== expected) throw new Error(`A worker said "${saying}", expected "${expected}"`)
  }

  /** Sends a signal that it cannot see coming. */
  signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    this.child.kill(signal)
  }

  /** Waits until it has ended; with how, or by which signal. */
  async ended(): Promise<number | NodeJS.Signals> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit")
    return this.child.exitCode ?? this.child.signalCode ?? 1
  }

  private async failed(): Promise<never> {
    throw new Error(`A worker ended: ${await this.ended()}`)
  }
}
