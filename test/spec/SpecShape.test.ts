import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import { ChainSpec } from "../../src/spec/ChainSpec.ts"
import * as SpecShape from "../../src/spec/SpecShape.ts"
import { random } from "../engine/RandomChain.ts"

const decode = Schema.decodeUnknownResult(ChainSpec, { onExcessProperty: "error" })

const keys = [
  "$schema",
  "name",
  "jobs",
  "run",
  "type",
  "args",
  "data",
  "needs",
  "retry",
  "retryWait",
  "sequence",
  "each",
  "of",
  "as",
  "retryPolicy",
  "factor",
  "exits",
  "timeout",
  "totalTimeout",
  "stopGrace",
  "priority",
  "concurrencyKey",
  "siblings",
  "limits",
  "keys",
  "a",
  "b"
]

const leaves = ["", "a", "5s", "1m30s", "-5s", "5", 0, 1, 2.5, -1, 2 ** 60, Number.NaN, true, null, undefined, 10n]

const mapOf = (count: number, entry: () => readonly [string, unknown]) =>
  Object.fromEntries(Array.from({ length: count }, entry))

/** Values that are specs, or nearly: each key stands for what belongs there, now and then for something else. */
const written = (next: () => number) => {
  const chance = (part: number) => next() < part
  const pick = <A>(values: ReadonlyArray<A>): A => values[Math.floor(next() * values.length)] as A
  const junk = (depth: number): unknown => {
    if (depth > 0 && chance(0.2)) return Array.from({ length: Math.floor(next() * 3) }, () => junk(depth - 1))
    if (depth > 0 && chance(0.3)) return mapOf(Math.floor(next() * 3), () => [pick(keys), junk(depth - 1)])
    return pick(leaves)
  }
  const json = (depth: number): unknown => {
    if (depth > 0 && chance(0.3)) return Array.from({ length: Math.floor(next() * 3) }, () => json(depth - 1))
    return depth > 0 && chance(0.4) ? object(depth - 1) : pick(["", "a", 0, 2.5, true, null])
  }
  const object = (depth: number) => mapOf(Math.floor(next() * 3), () => [pick(keys), json(depth)])
  const fields: Readonly<Record<string, () => unknown>> = {
    needs: () => pick<unknown>(["a", [], ["a", "b"]]),
    each: () =>
      chance(0.5)
        ? [json(2), json(2)]
        : { of: [json(1)], ...(chance(0.5) && { as: "x", key: "k", parallel: chance(0.05) ? 0 : 1 }) },
    retry: () => pick([0, 1, 3]),
    retryWait: () => pick(["", "5s", "1m30s"]),
    retryPolicy: () => ({
      ...(chance(0.5) && { factor: pick([1, 2.5, 0.5]), jitter: pick([0, 1, 1.5]) }),
      ...(chance(0.5) && { maxWait: pick(["", "5s", "x"]), maxElapsed: pick(["5s", "0s"]) }),
      ...(chance(0.5) && { exits: pick([[], [75], [2 ** 60]]), errors: pick<unknown>([[], ["Busy"], "Busy"]) })
    }),
    timeout: () => pick(["5s", "1m30s", "0s"]),
    name: () => "n",
    data: () => object(2),
    totalTimeout: () => "1h",
    stopGrace: () => pick(["", "5s"]),
    priority: () => pick([0, -3, 7]),
    concurrencyKey: () => pick(["db", ""])
  }
  const ofJobs = ["name", "data", "totalTimeout", "stopGrace", "priority", "concurrencyKey"]
  const entry = (depth: number): unknown => {
    const kind = depth > 0 && chance(0.3) ? "sequence" : pick(["run", "type"])
    const others = Object.entries(fields).filter(([key]) => kind !== "sequence" || !ofJobs.includes(key))
    const value: Record<string, unknown> = {
      [kind]: kind === "sequence" ? jobs(depth - 1) : "x",
      ...(kind === "type" && chance(0.5) && { args: object(2) }),
      ...Object.fromEntries(others.filter(() => chance(0.3)).map(([key, make]) => [key, make()]))
    }
    if (chance(0.06)) value[pick(keys)] = junk(2)
    if (chance(0.02)) delete value[pick(Object.keys(value))]
    return chance(0.03) ? junk(2) : value
  }
  const jobs = (depth: number): unknown =>
    mapOf(chance(0.02) ? 0 : 1 + Math.floor(next() * 3), () => [pick(keys), entry(depth)])
  const spec: Record<string, unknown> = {
    jobs: jobs(2),
    ...(chance(0.3) && { name: "n" }),
    ...(chance(0.3) && { $schema: "" }),
    ...(chance(0.3) && { timeout: "1h", limits: { jobs: pick([1, 3, 0]), types: pick<unknown>([{}, { shell: 2 }]) } })
  }
  if (chance(0.05)) spec[pick(keys)] = junk(2)
  return chance(0.01) ? junk(2) : spec
}

describe("SpecShape", () => {
  describe("fits", () => {
    it("agrees with the schema on what is nearly a spec", () => {
      let specs = 0
      const cases = 5000
      for (let seed = 0; seed < cases; seed++) {
        const value = written(random(seed))
        const decoded = decode(value)
        const shown = `seed ${seed}`
        assert.strictEqual(SpecShape.fits(value), Result.isSuccess(decoded), shown)
        if (Result.isSuccess(decoded)) {
          assert.deepStrictEqual(decoded.success, value, shown)
          specs++
        }
      }
      assert.isTrue(specs > cases * 0.2 && specs < cases * 0.7, `${specs} are specs`)
    })

    it.effect.prop(
      "knows every key of the schema",
      { spec: ChainSpec },
      ({ spec }) => Effect.sync(() => assert.isTrue(SpecShape.fits(spec)))
    )

    it("leaves what is no plain object, and what holds itself, to the schema", () => {
      const circle: Record<string, unknown> = {}
      circle.self = circle
      const inherited = Object.create({ run: "x" }) as object
      for (const entry of [inherited, { run: "x", data: circle }, { run: "x", data: new Date(0) }, ["run"]]) {
        assert.isFalse(SpecShape.fits({ jobs: { a: entry } }))
      }
    })
  })
})
