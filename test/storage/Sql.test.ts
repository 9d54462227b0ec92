import { assert, describe, it } from "@effect/vitest"
import * as RowsStatement from "../../src/storage/RowsStatement.ts"
import * as Sql from "../../src/storage/Sql.ts"

/** Runs a script whose every command is answered with its place in the order of all; returns what was asked, turn by turn. */
const asked = (script: Sql.Script<unknown>): ReadonlyArray<ReadonlyArray<string>> => {
  const turns: Array<ReadonlyArray<string>> = []
  let answers = 0
  let step = script.next()
  while (step.done !== true) {
    const command = step.value
    const commands = command.kind === "round" ? command.commands : [command]
    turns.push(commands.map((command) => "text" in command ? command.text : command.statement.one))
    const given = commands.map(() => ++answers)
    step = script.next(command.kind === "round" ? given : given[0])
  }
  return turns
}

const withoutBreaks = (text: string): string => text.replaceAll(/\s+/g, " ")

function* counting(name: string, times: number, seen: Array<string>): Sql.Script<void> {
  for (let time = 1; time <= times; time++) seen.push(`${name} ${yield* Sql.changes(`${name}${time}`)}`)
}

describe("together", () => {
  it("asks for the next statement of every script at once, and gives each its own answers", () => {
    const seen: Array<string> = []
    const turns = asked(Sql.together([counting("a", 1, seen), counting("b", 3, seen), counting("c", 2, seen)]))
    assert.deepStrictEqual(turns, [["a1", "b1", "c1"], ["b2", "c2"], ["b3"]])
    assert.deepStrictEqual(seen, ["a 1", "b 2", "c 3", "b 4", "c 5", "b 6"])
  })

  it("runs one script as it is, and none at once", () => {
    const seen: Array<string> = []
    assert.deepStrictEqual(asked(Sql.together([counting("a", 2, seen)])), [["a1"], ["a2"]])
    assert.deepStrictEqual(asked(Sql.together([])), [])
  })
})

describe("rows", () => {
  const statement = RowsStatement.insert({ table: "t", columns: { a: "integer", b: "text" }, onConflict: "DO NOTHING" })

  it("are not asked for where there are none", () => {
    assert.deepStrictEqual(asked(Sql.writeRows(Sql.rowsFor(statement, []))), [])
    assert.deepStrictEqual(asked(Sql.readRows(Sql.keysFor(statement, []))), [])
  })

  it("are inserted one by one, or as columns", () => {
    assert.strictEqual(statement.one, "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING")
    assert.strictEqual(
      statement.many(1),
      "INSERT INTO t (a, b) SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING"
    )
    assert.deepStrictEqual(statement.types, ["integer", "text"])
  })

  it("are written on a condition, with parameters after others", () => {
    const key = { a: "integer" } as const
    const update = RowsStatement.update({ table: "t", set: { b: "text" }, key: "a" })
    assert.deepStrictEqual(
      [
        statement,
        update,
        RowsStatement.remove({ table: "t", key, condition: "b = 'x'" }),
        RowsStatement.lock({ table: "t", alias: "l", columns: "l.b", key })
      ].map(({ many }) => withoutBreaks(many(3, "(held)"))),
      [
        "INSERT INTO t (a, b) SELECT * FROM unnest($3::bigint[], $4::text[]) WHERE (held) ON CONFLICT DO NOTHING",
        "UPDATE t SET b = given.b FROM unnest($3::text[], $4::bigint[]) AS given (b, a) WHERE t.a = given.a AND (held)",
        "DELETE FROM t USING unnest($3::bigint[]) AS given (a) WHERE t.a = given.a AND b = 'x' AND (held)",
        "SELECT l.b FROM t l JOIN unnest($3::bigint[]) AS given (a) ON l.a = given.a AND (held) ORDER BY l.a FOR UPDATE OF l"
      ]
    )
  })

  it("are written where every key of the guard finds a row", () => {
    const guard = Sql.keysFor(statement, [[1], [2]])
    const write = Sql.rowsFor(statement, [[1, "x"]])
    const answeredWith = (found: ReadonlyArray<unknown>) => {
      const script = Sql.writeGuarded(guard, [write])
      assert.deepStrictEqual(script.next().value, guard)
      const step = script.next(found)
      return step.done === true ? step.value : [step.value, script.next().value]
    }
    assert.deepStrictEqual(answeredWith([{}, {}]), [write, true])
    assert.strictEqual(answeredWith([{}]), false)
  })
})
