/**
 * A contestant at a workload, in a process of its own that lives until the workload is over.
 */
import { type ChildProcess, fork } from "node:child_process"
import * as Path from "node:path"

export interface Request {
  /** How often the workload is run within one timing. */
  readonly repeats: number
}

export type Answer =
  | { readonly kind: "ready" }
  | { readonly kind: "timed"; readonly milliseconds: number; readonly peakMiB: number }
  | { readonly kind: "failed"; readonly isTooMuch: boolean; readonly message: string }

export interface Timing {
  /** Of one run. */
  readonly milliseconds: number
  readonly peakMiB: number
}

/** The workload was too much: no memory or stack was left, or no time. Another contestant may well get there. */
export class TooMuch extends Error {}

export interface Options {
  readonly workload: string
  readonly contestant: string
  /** How long one timing may take. */
  readonly limitMs: number
}

export class Entrant {
  readonly contestant: string
  private readonly child: ChildProcess
  private readonly limitMs: number
  private waiting: { readonly settle: (answer: Answer) => void } | undefined

  private constructor({ contestant, limitMs, workload }: Options) {
    this.contestant = contestant
    this.limitMs = limitMs
    this.child = fork(Path.join(import.meta.dirname, "child.ts"), [workload, contestant], {
      // Stacks and heaps as they are, so that what does not get there does not.
      execArgv: [],
      stdio: ["ignore", 2, "pipe", "ipc"]
    })
    let stderr = ""
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-2000)
    })
    this.child.on("message", (answer) => this.waiting?.settle(answer as Answer))
    this.child.on("exit", (code, signal) => {
      const isTooMuch = signal === "SIGABRT" || signal === "SIGKILL" || code === 134
      this.waiting?.settle({
        kind: "failed",
        isTooMuch,
        message: isTooMuch ? "out of memory" : `exit ${code}\n${stderr}`
      })
    })
  }

  /** Starts the process and loads the workload. */
  static async start(options: Options): Promise<Entrant> {
    const entrant = new Entrant(options)
    await entrant.answer()
    return entrant
  }

  /** Runs the workload so often, one time after the other. */
  async time(repeats: number): Promise<Timing> {
    this.child.send({ repeats } satisfies Request)
    const answer = await this.answer()
    if (answer.kind !== "timed") throw new Error("It answers out of turn")
    return answer
  }

  /** Ends the process. */
  end(): void {
    this.child.kill("SIGKILL")
  }

  private async answer(): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    this.waiting = { settle: resolve }
    const message = `more than ${this.limitMs / 1000} s`
    const timer = setTimeout(() => resolve({ kind: "failed", isTooMuch: true, message }), this.limitMs)
    const answer = await promise
    clearTimeout(timer)
    this.waiting = undefined
    if (answer.kind !== "failed") return answer
    this.end()
    throw answer.isTooMuch ? new TooMuch(answer.message) : new Error(`${this.contestant}: ${answer.message}`)
  }
}
