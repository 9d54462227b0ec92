import type { TestProject } from "vitest/node"
import { Server } from "./Server.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** Of the database that the tests' server has when it starts. */
    readonly postgresUrl: string
  }
}

/** Starts the server that all tests of the project share, each with a database of its own. */
const setup = async (project: TestProject) => {
  const server = await Server.make()
  project.provide("postgresUrl", server.url)
  return () => server.remove()
}

export default setup
