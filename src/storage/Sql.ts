/**
 * What a transaction of the store does: a script, plain code that says one statement after the other and goes on with what
 * each comes to.
 *
 * A script is a generator, so that it is written once for both databases: SQLite runs it to its end in one go, PostgreSQL
 * waits for its answers. Texts are in what both understand, with `?` for parameters. A script may be run again from the
 * start, and so must change nothing but the database.
 *
 * @since 0.1.0
 */
import type { RowsStatement } from "./RowsStatement.ts"

/** What can be bound. Text may hold any character. */
export type Value = null | number | string | Uint8Array

/** A script that returns `A`. */
export type Script<A> = Generator<Command, A, unknown>

/** What a script asks for. */
export type Command = Statement | ManyRows | Round

/** A row to write, or the key of one to read, as its statement wants it. */
export type Row = ReadonlyArray<Value>

export interface Statement {
  /** What it is to be answered with: nothing, how many rows it has changed, the first row, or all rows. */
  readonly kind: "run" | "changes" | "get" | "all"
  readonly text: string
  readonly params: ReadonlyArray<Value>
}

/** A statement that is run for each of many rows of parameters. */
export interface ManyRows {
  readonly kind: "writeRows" | "readRows"
  readonly statement: RowsStatement
  readonly rows: ReadonlyArray<Row>
}

/** Rows that are ready to be written. */
export interface WriteRows extends ManyRows {
  readonly kind: "writeRows"
}

/** Keys of rows to read; answered with all rows that were found, in any order. */
export interface ReadRows extends ManyRows {
  readonly kind: "readRows"
}

/** Commands of which none depends on another; they are answered all at once, in their order. */
export interface Round {
  readonly kind: "round"
  readonly commands: ReadonlyArray<Statement | ManyRows>
}

/** Runs a statement; that it has failed may only be found out at a later one. */
export function* run(text: string, ...params: ReadonlyArray<Value>): Script<void> {
  yield { kind: "run", text, params }
}

/** Runs a statement and returns how many rows it has changed. */
export function* changes(text: string, ...params: ReadonlyArray<Value>): Script<number> {
  return (yield { kind: "changes", text, params }) as number
}

/** Returns the first row. */
export function* get<Found>(text: string, ...params: ReadonlyArray<Value>): Script<Found | undefined> {
  return (yield { kind: "get", text, params }) as Found | undefined
}

/** Returns all rows. */
export function* all<Found>(text: string, ...params: ReadonlyArray<Value>): Script<ReadonlyArray<Found>> {
  return (yield { kind: "all", text, params }) as ReadonlyArray<Found>
}

/** Returns rows that are ready to be written: inserted, updated or deleted, as the statement says. */
export const rowsFor = (statement: RowsStatement, rows: ReadonlyArray<Row>): WriteRows => ({
  kind: "writeRows",
  statement,
  rows
})

/** Writes rows of which none depends on another; that it has failed may only be found out at a later statement. */
export function* writeRows(...writes: ReadonlyArray<WriteRows>): Script<void> {
  const commands = writes.filter(({ rows }) => rows.length > 0)
  const [only] = commands
  if (only !== undefined) yield commands.length === 1 ? only : { kind: "round", commands }
}

/** Returns keys of rows to read. */
export const keysFor = (statement: RowsStatement, rows: ReadonlyArray<Row>): ReadRows => ({
  kind: "readRows",
  statement,
  rows
})

/** Returns the rows for many keys, in any order. */
export function* readRows<Found>(keys: ReadRows): Script<ReadonlyArray<Found>> {
  return keys.rows.length === 0 ? [] : (yield keys) as ReadonlyArray<Found>
}

/** Writes rows as `writeRows` does where every key of `guard` finds a row, and else nothing; returns whether it has. */
export function* writeGuarded(guard: ReadRows, writes: ReadonlyArray<WriteRows>): Script<boolean> {
  const found = yield* readRows(guard)
  if (found.length < guard.rows.length) return false
  yield* writeRows(...writes)
  return true
}

/** Runs scripts side by side, statement by statement, so that what they have in common is done in one. */
export function* together(scripts: ReadonlyArray<Script<void>>): Script<void> {
  const [only] = scripts
  if (only !== undefined && scripts.length === 1) return yield* only
  let answers: ReadonlyArray<unknown> = []
  let running = scripts
  while (running.length > 0) {
    const asking: Array<Script<void>> = []
    const commands: Array<Statement | ManyRows> = []
    for (const [index, script] of running.entries()) {
      const step = script.next(answers[index])
      if (step.done === true) continue
      if (step.value.kind === "round") throw new Error("A script that runs beside others cannot run some itself")
      asking.push(script)
      commands.push(step.value)
    }
    running = asking
    if (commands.length > 0) answers = (yield { kind: "round", commands }) as ReadonlyArray<unknown>
  }
}
