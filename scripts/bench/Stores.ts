/**
 * The folder and the PostgreSQL server that durable workloads of one run keep their stores in.
 *
 * The folder is one for temporary files, the server that of the tests, but with all that keeps what is committed.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import { Server } from "../../test/storage/postgres/Server.ts"
import * as Place from "./Place.ts"

/** Calls a function that may start entrants which need stores. Whoever interrupts it leaves nothing behind, either. */
export const use = async (run: () => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(Path.join(tmpdir(), "jobchain-bench-"))
  const server = await Server.make({ fsync: "on" })
  const remove = async () => {
    await server.remove()
    rmSync(folder, { recursive: true, force: true })
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void remove().then(() => process.exit(1)))
  }
  process.env[Place.variables.folder] = folder
  process.env[Place.variables.postgresUrl] = server.url
  try {
    await run()
  } finally {
    await remove()
  }
}
