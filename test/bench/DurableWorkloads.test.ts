import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import { afterAll, inject } from "vitest"
import * as DurableWorkloads from "../../scripts/bench/DurableWorkloads.ts"
import * as GraphWorkload from "../../scripts/bench/GraphWorkload.ts"
import * as Place from "../../scripts/bench/Place.ts"
import * as Shape from "../../scripts/bench/Shape.ts"
import { ranBy } from "./RunCount.ts"

const folder = mkdtempSync(Path.join(tmpdir(), "jobchain-test-"))
process.env[Place.variables.folder] = folder
process.env[Place.variables.postgresUrl] = inject("postgresUrl")
afterAll(() => rmSync(folder, { recursive: true }))

const contestants = [...new Set(DurableWorkloads.all.flatMap((workload) => workload.contestants))]

describe("durable contestants", () => {
  const graphs = [Shape.layered({ jobs: 20, width: 4, seed: 1 }), Shape.linear(8)]

  it.live.each(contestants)(
    "%s runs every job of every graph, as often as it is asked to",
    (name) => Effect.map(ranBy(name, GraphWorkload.make(graphs)), (ran) => assert.strictEqual(ran, 2 * 30))
  )
})
