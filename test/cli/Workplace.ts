/**
 * A folder for one test in which the built command is run as a real process.
 *
 * Nothing is waited for by the clock: a test waits for what the command or its jobs write, or for a FIFO that a job holds.
 */
import { Effect } from "effect"
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import { DatabaseSync } from "node:sqlite"

const bin = Path.join(import.meta.dirname, "../../dist/bin.js")

export interface Ended {
  readonly exit: number | NodeJS.Signals
  readonly stdout: string
  readonly stderr: string
}

/** The command while it runs. */
export class Running {
  readonly child: ChildProcess
  readonly ended: Effect.Effect<Ended>
  private readonly texts = { stdout: "", stderr: "" }
  private readonly watchers = new Set<() => void>()
  private hasEnded = false

  constructor(args: ReadonlyArray<string>, { cwd, env = {} }: { readonly cwd: string; readonly env?: object }) {
    const PATH = [Path.dirname(process.execPath), process.env.PATH].join(Path.delimiter)
    this.child = spawn(process.execPath, [bin, ...args], { cwd, env: { HOME: cwd, PATH, ...env } })
    for (const name of ["stdout", "stderr"] as const) {
      this.child[name]?.setEncoding("utf8").on("data", (text: string) => {
        this.texts[name] += text
        this.watch()
      })
    }
    const ended = new Promise<Ended>((resolve) =>
      this.child.on("close", (code, signal) => {
        this.hasEnded = true
        this.watch()
        resolve({ exit: signal ?? code ?? -1, ...this.texts })
      })
    )
    this.ended = Effect.promise(() => ended)
  }

  /** Waits until the command has written a text; a defect if it ends without. */
  seen(text: string, name: "stdout" | "stderr" = "stderr"): Effect.Effect<void> {
    return Effect.promise(() =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (this.texts[name].includes(text)) resolve()
          else if (!this.hasEnded) return
          else reject(new Error(`It never wrote ${JSON.stringify(text)}:\n${this.texts.stdout}${this.texts.stderr}`))
          this.watchers.delete(look)
        }
        this.watchers.add(look)
        look()
      })
    )
  }

  signal(signal: NodeJS.Signals): Effect.Effect<void> {
    return Effect.sync(() => void this.child.kill(signal))
  }

  private watch(): void {
    for (const look of this.watchers) look()
  }
}

export class Workplace {
  readonly folder = mkdtempSync(Path.join(tmpdir(), "jobchain-cli-test-"))
  private readonly commands: Array<Running> = []

  start(...args: ReadonlyArray<string>): Running {
    return this.startWith({}, ...args)
  }

  startWith(env: object, ...args: ReadonlyArray<string>): Running {
    const command = new Running(args, { cwd: this.folder, env })
    this.commands.push(command)
    return command
  }

  /** Runs the command to its end, with nothing on its stdin. */
  run(...args: ReadonlyArray<string>): Effect.Effect<Ended> {
    return this.runWith("", ...args)
  }

  runWith(stdin: string, ...args: ReadonlyArray<string>): Effect.Effect<Ended> {
    return Effect.suspend(() => {
      const command = this.start(...args)
      // A command that fails does not read it.
      command.child.stdin?.on("error", () => {}).end(stdin)
      return command.ended
    })
  }

  path(name: string): string {
    return Path.join(this.folder, name)
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text)
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8")
  }

  /** Changes the default store behind everybody's back. */
  change(statement: string): void {
    const database = new DatabaseSync(this.path(".jobchain/jobchain.db"), { timeout: 30_000 })
    database.exec(statement)
    database.close()
  }

  /** The names of the suspended chain's files. */
  chainFiles(): ReadonlyArray<string> {
    return readdirSync(this.folder).filter((name) => /\.(?:suspended|resuming|ended)\.json$/.test(name))
  }

  /** Makes a FIFO at which jobs wait (`cat NAME`). */
  makeGate(name: string): void {
    execFileSync("mkfifo", [this.path(name)])
  }

  /** Lets the job go on that waits at a gate. */
  open(name: string): Effect.Effect<void> {
    return Effect.promise(() => writeFile(this.path(name), ""))
  }

  /** Makes a FIFO that jobs hold (`exec 3>NAME`); the effect waits until no process holds it any more. */
  held(name: string): Effect.Effect<void> {
    execFileSync("mkfifo", [this.path(name)])
    const released = new Promise<void>((resolve, reject) => {
      createReadStream(this.path(name)).on("end", resolve).on("error", reject).resume()
    })
    return Effect.promise(() => released)
  }

  close(): void {
    for (const { child } of this.commands) child.kill("SIGKILL")
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Makes a workplace that is gone with the scope, with all that runs in it. */
export const make = Effect.acquireRelease(
  Effect.sync(() => new Workplace()),
  (workplace) => Effect.sync(() => workplace.close())
)
