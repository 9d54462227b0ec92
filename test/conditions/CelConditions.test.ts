import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { language } from "../../src/conditions/CelConditions.ts"

const data = JSON.parse(
  `{ "count": 3, "share": 1.5, "text": "3", "list": ["a", "b"], "none": null, "deep": { "is": true } }`
)
const args = { env: "production" }

/** What a condition says of the facts above: whether it is met, or why that cannot be told. */
const ask = (text: string) =>
  Result.merge(Result.flatMap(language.read(text), (condition) => condition({ data, args })))

describe("a condition in CEL", () => {
  it.each([
    [`data.count == 3`, true],
    [`data.count > 2 && args.env == "production"`, true],
    [`data.count + 1 > 4 || 10 / data.count < 3`, false],
    [`data.share * 2 == 3.0`, true],
    [`int(data.text) >= 3`, true],
    [`"a" in data.list && size(data.list) == 2`, true],
    [`data.list.exists(item, item == "c")`, false],
    [`data.none == null`, true],
    [`data.deep.is`, true],
    [`has(data.missing)`, false],
    [`data.?missing.orValue(true)`, true],
    [`args.env.startsWith("prod") ? data.count < 0 : true`, false]
  ])("%s is %s", (text, expected) => {
    assert.strictEqual(ask(text), expected)
  })

  it.each([
    [`data.count ==`, "Unexpected token: EOF, at character 14"],
    [`data.count === 3`, "Unexpected character: =, at character 14"],
    [`dat.count == 3`, "Unknown variable: dat, at character 1"],
    [`now() > 3`, "found no matching overload for 'now()', at character 1"],
    [`size(data.list)`, "its type is int, expected bool"]
  ])("%s is refused before anything is run", (text, expected) => {
    assert.strictEqual(Result.getOrThrow(Result.flip(language.read(text))), expected)
  })

  it.each([
    [`data.missing == 3`, "No such key: missing, at character 6"],
    [`data.text > 3`, "no such overload: dyn<string> > int, at character 1"],
    [`data.count`, "it gives 3, expected true or false"],
    [`data.list`, "it gives a list or map, expected true or false"]
  ])("%s cannot be told", (text, expected) => {
    assert.strictEqual(ask(text), expected)
  })

  it.each([
    ["data.constructor == null"],
    ["data.__proto__ == null"],
    [`data["constructor"] == null`],
    ["data.text.constructor == null"],
    ["data.list.length == 2"],
    ["args.hasOwnProperty == null"]
  ])("%s sees nothing of JavaScript", (text) => {
    assert.match(String(ask(text)), /^No such key: /)
  })
})
