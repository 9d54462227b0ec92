/**
 * The store's tables in SQLite: a script runs to its end in one go, on the one connection of the process.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlError } from "effect/sql/SqlError"
import type { DatabaseSync, StatementSync } from "node:sqlite"
import * as NodeSqlite from "./NodeSqlite.ts"
import { type Failure, liveClock, untilDone, type Wait } from "./Patience.ts"
import * as Sql from "./Sql.ts"
import { Tables, type Transactions } from "./Tables.ts"

export const layer: Layer.Layer<Tables, never, NodeSqlite.Database> = Layer.effect(
  Tables,
  Effect.map(Effect.service(NodeSqlite.Database), (database) => {
    database.unsafe.function("jobchain_now", { deterministic: false }, () => liveClock.currentTimeMillisUnsafe())
    const runner = new ScriptRunner(database.unsafe)
    const run = <A>(begin: "BEGIN" | "BEGIN IMMEDIATE", script: () => Sql.Script<A>) =>
      untilDone(database.use(() => runner.transaction(begin, script)), failureOf)
    const transactions: Transactions = {
      // Takes the lock for writing at once: a transaction that has read before cannot always wait for it.
      write: (script) => run("BEGIN IMMEDIATE", script),
      read: (script) => run("BEGIN", script)
    }
    return {
      ...transactions,
      writeGuarded: (guard, writes) => transactions.write(() => Sql.writeGuarded(guard, writes)),
      // Every transaction is short, and nobody waits for more than one.
      urgent: transactions
    }
  })
)

/** Runs scripts; statements are prepared once for each text. */
class ScriptRunner {
  private readonly database: DatabaseSync
  private readonly statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.database = database
  }

  /**
   * Runs a script in a transaction, and rolls back what it has done if it throws.
   *
   * In plain code, because there is one for each checkpoint: through the client it would cost twice as much.
   */
  transaction<A>(begin: "BEGIN" | "BEGIN IMMEDIATE", script: () => Sql.Script<A>): A {
    if (this.database.isTransaction) return this.run(script())
    this.statement(begin).run()
    try {
      const result = this.run(script())
      this.statement("COMMIT").run()
      return result
    } catch (error) {
      // SQLite may have done so itself.
      if (this.database.isTransaction) this.statement("ROLLBACK").run()
      throw error
    }
  }

  private run<A>(script: Sql.Script<A>): A {
    let step = script.next()
    while (step.done !== true) step = script.next(this.answer(step.value))
    return step.value
  }

  private answer(command: Sql.Command): unknown {
    switch (command.kind) {
      case "round":
        return command.commands.map((command) => this.answer(command))
      case "writeRows":
      case "readRows":
        return this.manyRows(command)
      default:
        return this.one(command)
    }
  }

  private one({ kind, params, text }: Sql.Statement): unknown {
    const statement = this.statement(text)
    switch (kind) {
      case "get":
        return statement.get(...params)
      case "all":
        return statement.all(...params)
      case "changes":
        return Number(statement.run(...params).changes)
      case "run":
        return void statement.run(...params)
      default:
        return kind satisfies never
    }
  }

  private manyRows({ kind, rows, statement }: Sql.ManyRows): unknown {
    const prepared = this.statement(statement.one)
    if (kind === "readRows") return rows.flatMap((row) => prepared.all(...row))
    for (const row of rows) prepared.run(...row)
    return undefined
  }

  private statement(text: string): StatementSync {
    let statement = this.statements.get(text)
    // All texts are ours, and few: the source is the bound.
    if (statement === undefined) this.statements.set(text, statement = this.database.prepare(text))
    return statement
  }
}

const failureOf = (error: SqlError): Failure => {
  const name = NodeSqlite.resultCode(error)?.name ?? ""
  return { reason: `${error.reason.message}${name === "" ? "" : ` (${name})`}`, wait: waits[name] }
}

const forSpace: Wait = { firstMillis: 100, millisMax: 30_000, triesMax: Number.POSITIVE_INFINITY }
// Others hold it for milliseconds.
const forLock: Wait = { firstMillis: 1, millisMax: 2000, triesMax: Number.POSITIVE_INFINITY }
// May be over soon, and is not waited for as long as it takes.
const forHardware: Wait = { ...forSpace, triesMax: 8 }

const waits: Readonly<Record<string, Wait>> = {
  SQLITE_FULL: forSpace,
  SQLITE_BUSY: forLock,
  SQLITE_LOCKED: forLock,
  SQLITE_IOERR: forHardware,
  SQLITE_NOMEM: forHardware
}
