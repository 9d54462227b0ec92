/**
 * Conditions in CEL, the Common Expression Language: `data.version != "" && args.env == "production"`.
 *
 * CEL has no loops without a bound, no side effects, no clock, no chance, and sees nothing but `data` and `args`: own
 * properties of JSON values, never what JavaScript adds to them. The same facts always give the same answer.
 *
 * @since 0.1.0
 */
import { Environment, EvaluationError, ParseError, TypeError } from "@marcbachmann/cel-js"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Conditions from "../engine/Conditions.ts"
import * as CelKeys from "./CelKeys.ts"

const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false })
  .registerVariable("data", "map")
  .registerVariable("args", "map")

const arithmetic: Readonly<Record<string, (left: number, right: number) => number>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right
}

// A number in JSON is a double, and 1 in CEL an int, which it does not mix of its own accord.
for (const [sign, compute] of Object.entries(arithmetic)) {
  for (const [left, right] of [["double", "int"], ["int", "double"]] as const) {
    environment.registerOperator(
      `${left} ${sign} ${right}`,
      (a: number | bigint, b: number | bigint) => compute(Number(a), Number(b))
    )
  }
}

const read = (text: string): Result.Result<Conditions.Condition, string> =>
  Result.flatMap(attempt(() => environment.parse(text)), (expression) => {
    const { error, type, valid } = expression.check()
    if (!valid) return Result.fail(describe(error))
    if (type !== "bool" && type !== "dyn") return Result.fail(`its type is ${type}, expected bool`)
    return Result.succeed((facts) => Result.flatMap(attempt((): unknown => expression({ ...facts })), toBoolean))
  })

/** The language of the layer, for those who only want to know whether a condition is sound. */
export const language: Conditions.Language = {
  read,
  keysOf: (text) => Result.getOrUndefined(Result.map(attempt(() => environment.parse(text).ast), CelKeys.make))
}

/** Lets traversers read conditions: provide it to `TraverserFactory.layer`. */
export const layer: Layer.Layer<never> = Layer.succeed(Conditions.Current, language)

const attempt = <A>(run: () => A): Result.Result<A, string> => Result.try({ try: run, catch: describe })

const describe = (error: unknown): string => {
  if (error instanceof ParseError || error instanceof TypeError || error instanceof EvaluationError) {
    const { range, summary } = error
    return range === undefined ? summary : `${summary}, at character ${range.start + 1}`
  }
  return error instanceof Error ? error.message : String(error)
}

const toBoolean = (value: unknown): Result.Result<boolean, string> =>
  typeof value === "boolean"
    ? Result.succeed(value)
    : Result.fail(`it gives ${show(value)}, expected true or false`)

const show = (value: unknown): string => {
  if (typeof value === "bigint") return String(value)
  return typeof value === "object" && value !== null ? "a list or map" : JSON.stringify(value)
}
