/**
 * Runs a script in a transaction on a session.
 *
 * Statements whose answers nobody waits for are sent one after the other, and so is the commit behind them: where one fails,
 * the server refuses all that follow and commits nothing. What checkpoints write together is one statement, which is a
 * transaction of its own: each statement costs about as much as writing a few rows.
 *
 * @since 0.1.0
 */
import type { PgConnection, Result as QueryResult } from "@effect/sql-pg/PgConnection"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import type { SqlError } from "effect/sql/SqlError"
import type { RowsStatement } from "../RowsStatement.ts"
import type { Command, ManyRows, ReadRows, Round, Script, Statement, WriteRows } from "../Sql.ts"
import { isConnectionLost } from "./Failures.ts"
import * as GuardedWrite from "./GuardedWrite.ts"
import type { Session } from "./Session.ts"
import * as Values from "./Values.ts"

/** Runs a script that only reads, which sees all of it at one moment. */
export const read = <A>(session: Session, script: () => Script<A>): Effect.Effect<A, SqlError> =>
  Effect.uninterruptibleMask((restore) =>
    onSession(session, restore, (transaction) =>
      Effect.gen(function*() {
        yield* transaction.send("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", [])
        const result = yield* transaction.run(script())
        // Nothing depends on it: what is asked next comes after it.
        yield* transaction.send("COMMIT", [])
        return result
      }))
  )

/** Runs a script that writes, and sees at each statement what others have committed before it. */
export const write = <A>(session: Session, script: () => Script<A>): Effect.Effect<A, SqlError> =>
  committed(session, (transaction, number) =>
    Effect.gen(function*() {
      yield* transaction.send("BEGIN ISOLATION LEVEL READ COMMITTED", [])
      yield* transaction.send(noteCommit, [session.id, String(number)])
      const result = yield* transaction.run(script())
      return { result, isCommitted: yield* transaction.commit }
    }))

/** Writes rows on a condition, in one statement: see `Tables`. */
export const writeGuarded = (
  session: Session,
  guard: ReadRows,
  writes: ReadonlyArray<WriteRows>
): Effect.Effect<boolean, SqlError> =>
  committed(session, (transaction, number) => {
    const { params, text } = GuardedWrite.make(guard, writes, [session.id, String(number)])
    return Effect.gen(function*() {
      const answer = yield* Fiber.join(yield* transaction.send(text, params))
      if (Exit.isSuccess(answer)) {
        return { result: answer.value.rows[0]?.["holds"] === true, isCommitted: true as const }
      }
      const failure = yield* failureIn(answer.cause)
      // Committed, it has written.
      return { result: true, isCommitted: isConnectionLost(failure) ? failure : yield* failure }
    })
  })

/** What came of a transaction, and `true` or the failure with which the connection was lost: perhaps after the commit. */
interface Ended<A> {
  readonly result: A
  readonly isCommitted: true | SqlError
}

/** Runs a numbered transaction; where the answer to its commit was lost, looks whether there was one. */
const committed = <A>(
  session: Session,
  body: (transaction: Transaction, number: number) => Effect.Effect<Ended<A>, SqlError>
): Effect.Effect<A, SqlError> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const number = ++session.transactions
      const { isCommitted, result } = yield* onSession(session, restore, (transaction) => body(transaction, number))
      if (isCommitted === true) return result
      yield* session.disconnect
      return (yield* restore(session.hasCommitted(number))) ? result : yield* isCommitted
    })
  )

const noteCommit = GuardedWrite.noteCommit()

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** Runs `body` on the session's connection. Where it fails, the transaction is rolled back, or the connection given up. */
const onSession = <A>(
  session: Session,
  restore: Restore,
  body: (transaction: Transaction) => Effect.Effect<A, SqlError>
): Effect.Effect<A, SqlError> =>
  Effect.flatMap(
    restore(session.connection),
    (connection) =>
      Effect.onError(Effect.suspend(() => body(new Transaction(connection))), () =>
        Effect.catch(Effect.asVoid(connection.query("ROLLBACK")), () => session.disconnect))
  )

type Answer = Exit.Exit<QueryResult, SqlError>

class Transaction {
  private readonly connection: PgConnection
  /** The answers to all statements so far, in their order. */
  private readonly answers: Array<Fiber.Fiber<Answer>> = []

  constructor(connection: PgConnection) {
    this.connection = connection
  }

  /** Sends a statement, and does not wait for its answer. */
  send(text: string, params: ReadonlyArray<unknown>): Effect.Effect<Fiber.Fiber<Answer>> {
    // Detached: a statement must go out, also where the script ends right after it.
    const sent = Effect.forkDetach(Effect.exit(this.connection.query(text, params)), { startImmediately: true })
    return Effect.tap(sent, (answer) => Effect.sync(() => this.answers.push(answer)))
  }

  run<A>(script: Script<A>): Effect.Effect<A, SqlError> {
    return Effect.gen({ self: this }, function*() {
      let step = script.next()
      while (step.done !== true) step = script.next(yield* this.answerTo(step.value))
      return step.value
    })
  }

  /** Commits; returns the failure where the connection was lost, and with it the answer. */
  get commit(): Effect.Effect<true | SqlError, SqlError> {
    return Effect.gen({ self: this }, function*() {
      const commit = yield* Fiber.join(yield* this.send("COMMIT", []))
      const failure = yield* this.firstFailure
      if (failure === undefined) return true
      return Exit.isFailure(commit) && isConnectionLost(failure) ? failure : yield* failure
    })
  }

  private answerTo(command: Command): Effect.Effect<unknown, SqlError> {
    if (command.kind === "round") return this.answersTo(command)
    const sent = this.sendCommand(command)
    return needsAnswer(command)
      ? Effect.flatMap(Effect.flatMap(sent, (answer) => Fiber.join(answer)), (answer) => this.read(command, answer))
      : Effect.asVoid(sent)
  }

  private answersTo({ commands }: Round): Effect.Effect<ReadonlyArray<unknown>, SqlError> {
    return Effect.gen({ self: this }, function*() {
      for (const command of merged(commands)) yield* this.sendCommand(command)
      const asked = commands.filter(needsAnswer)
      const answers = new Map<Command, Fiber.Fiber<Answer>>()
      for (const command of asked) answers.set(command, yield* this.sendCommand(command))
      const values: Array<unknown> = []
      for (const command of commands) {
        const answer = answers.get(command)
        values.push(answer === undefined ? undefined : yield* this.read(command, yield* Fiber.join(answer)))
      }
      return values
    })
  }

  private sendCommand(command: Statement | ManyRows): Effect.Effect<Fiber.Fiber<Answer>> {
    return "text" in command
      ? this.send(numbered(command.text), command.params.map(Values.bound))
      : this.send(textOf(command.statement), Values.columnsOf(command.rows, command.statement.types))
  }

  private read({ kind }: Statement | ManyRows, answer: Answer): Effect.Effect<unknown, SqlError> {
    if (Exit.isFailure(answer)) {
      return Effect.flatMap(this.firstFailure, (failure) => failure ?? Effect.failCause(answer.cause))
    }
    const { rowCount, rows } = answer.value
    return Effect.succeed(kind === "changes" ? rowCount : kind === "get" ? rows[0] : rows)
  }

  /** What went wrong first: all that follows only says that something did. */
  private get firstFailure(): Effect.Effect<SqlError | undefined> {
    return Effect.gen({ self: this }, function*() {
      for (const answer of this.answers) {
        const exit = yield* Fiber.join(answer)
        if (Exit.isFailure(exit)) return yield* failureIn(exit.cause)
      }
      return undefined
    })
  }
}

const failureIn = (cause: Cause.Cause<SqlError>): Effect.Effect<SqlError> => {
  const found = Cause.findError(cause)
  return Result.isSuccess(found) ? Effect.succeed(found.success) : Effect.die(Cause.squash(cause))
}

const needsAnswer = ({ kind }: Statement | ManyRows): boolean => kind !== "run" && kind !== "writeRows"

/** Those that need no answer, with the rows of the same statement in one. */
const merged = (commands: Round["commands"]): ReadonlyArray<Statement | ManyRows> => {
  const others: Array<Statement | ManyRows> = []
  const byStatement = new Map<RowsStatement, Array<ManyRows["rows"][number]>>()
  for (const command of commands) {
    if (command.kind !== "writeRows") {
      if (!needsAnswer(command)) others.push(command)
      continue
    }
    const rows = byStatement.get(command.statement)
    if (rows === undefined) byStatement.set(command.statement, [...command.rows])
    else rows.push(...command.rows)
  }
  const writes = Array.from(byStatement, ([statement, rows]) => ({ kind: "writeRows", statement, rows }) as const)
  return [...others, ...writes]
}

const textOf = (statement: RowsStatement): string => {
  let text = textsOfRows.get(statement)
  if (text === undefined) textsOfRows.set(statement, text = statement.many(1))
  return text
}

const textsOfRows = new Map<RowsStatement, string>()

/** Returns a text with `$1`, `$2` and so on in the place of `?`. */
const numbered = (text: string): string => {
  let found = numberedTexts.get(text)
  if (found === undefined) {
    let count = 0
    numberedTexts.set(text, found = text.replaceAll("?", () => `$${++count}`))
  }
  return found
}

// All texts are ours, and few: the source is the bound.
const numberedTexts = new Map<string, string>()
