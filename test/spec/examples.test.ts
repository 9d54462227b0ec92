import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Validation from "../../src/domain/Validation.ts"
import { builtIn } from "../../src/jobs/BuiltIn.ts"
import * as ChainFile from "../../src/spec/ChainFile.ts"
import { random } from "../engine/RandomChain.ts"

const folder = join(import.meta.dirname, "../../examples")

describe("each example", () => {
  it.each(globSync("*.{yaml,json,toml}", { cwd: folder }).map((file) => [file]))(
    "%s is a chain whose jobs can be made",
    (file) => {
      const { jobChain } = Result.getOrThrow(ChainFile.parse(readFileSync(join(folder, file), "utf8"), { file }))
      const types = new Map(builtIn.map((type) => [type.name as string, type]))
      for (const job of Object.values(jobChain.jobs ?? {})) {
        const made = types.get(job.type ?? "")?.prepare(job)
        assert.isTrue(made !== undefined && Result.isSuccess(made), `${job.id}`)
      }
    }
  )
})

/** A random level of jobs and sequences, each needing some of those before it. */
const randomJobs = (next: () => number, depth: number): Record<string, unknown> => {
  const count = 1 + Math.floor(next() * 4)
  const names = Array.from({ length: count }, (_, index) => `n${index}`)
  return Object.fromEntries(names.map((name, index) => {
    const needs = names.slice(0, index).filter(() => next() < 0.4)
    const entry = depth > 0 && next() < 0.35 ? { retry: 1, sequence: randomJobs(next, depth - 1) } : { run: name }
    return [name, { ...entry, ...(needs.length > 0 ? { needs } : {}) }]
  }))
}

describe("each chain file", () => {
  it("makes a valid chain, whatever its jobs and sequences need", () => {
    for (let seed = 0; seed < 2000; seed++) {
      const text = JSON.stringify({ jobs: randomJobs(random(seed), 3) })
      const { jobChain } = Result.getOrThrow(ChainFile.parse(text, { file: "random.json" }))
      assert.deepStrictEqual(Validation.faultsOfNew(jobChain), [], text)
    }
  })
})
