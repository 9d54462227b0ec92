/**
 * Every conformance vector on every kind of store, one test each, plainly and with fibers that yield everywhere.
 *
 * `JOBCHAIN_VECTORS` names another folder of vectors of the same format.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Scheduler, Schema } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { JobChain } from "../../src/domain/JobChain.ts"
import * as Validation from "../../src/domain/Validation.ts"
import * as Kinds from "../storage/Kinds.ts"
import * as TestStore from "../storage/TestStore.ts"
import { differences } from "./compare.ts"
import { run } from "./run.ts"
import type { RunVector, ValidationVector } from "./Vector.ts"

const folder = process.env.JOBCHAIN_VECTORS ?? join(import.meta.dirname, "vectors")
const files = readdirSync(folder).filter((file) => file.endsWith(".json"))
if (files.length === 0) throw new Error(`There are no vectors in ${folder}`)

const vectorsIn = <Vector>(file: string): ReadonlyArray<Vector> =>
  JSON.parse(readFileSync(join(folder, file), "utf8")) as ReadonlyArray<Vector>

/** Validation vectors are of another format than those that are run. */
const isAboutValidation = (file: string): boolean => vectorsIn<object>(file).some((vector) => "new" in vector)

describe.each(Kinds.kinds)("$name", (kind) => {
  const store = TestStore.shared(kind.open)
  describe.each(files.filter((file) => !isAboutValidation(file)))("%s", (file) => {
    for (const vector of vectorsIn<RunVector>(file)) {
      const running = Effect.suspend(() => Effect.map(run(vector, store()), (actual) => check(vector, actual)))
      it.effect(vector.name, () => running)
      it.effect(
        `${vector.name}, yielding everywhere`,
        () => Effect.provideService(running, Scheduler.MaxOpsBeforeYield, 5)
      )
    }
  })
})

describe.each(files.filter(isAboutValidation))("%s", (file) => {
  it.each(vectorsIn<ValidationVector>(file).map((vector) => [vector.name, vector] as const))("%s", (_, vector) => {
    const kinds = new Set<string>(faultsOf(vector))
    const { faults, mayReport = [], valid } = vector.expect
    assert.strictEqual(kinds.size === 0, valid)
    if (kinds.has("malformed") && vector.tags.includes("decode")) return
    assert.deepStrictEqual(faults.filter((kind) => !kinds.has(kind)), [], "faults that were not reported")
    const allowed = new Set<string>([...faults, ...mayReport])
    assert.deepStrictEqual([...kinds].filter((kind) => !allowed.has(kind)), [], "faults that should not be reported")
  })
})

const check = (vector: RunVector, { outcome, unkept }: Effect.Success<ReturnType<typeof run>>) =>
  assert.deepStrictEqual([...differences(vector.expect, outcome), ...unkept], [])

const faultsOf = (vector: ValidationVector): ReadonlyArray<string> => {
  const decoded = Schema.decodeUnknownResult(JobChain)(vector.chain ?? {})
  if (Result.isFailure(decoded)) return ["malformed"]
  const faults = vector.new
    ? Validation.faultsOfNew(decoded.success)
    : Validation.faultsOfSuspended({ jobChain: decoded.success })
  return faults.map((fault) => fault.kind)
}
