/**
 * Prepared statements by their text; the one used longest ago goes when there are too many.
 *
 * A statement can be in one use at a time. That is so here: each is run to its end before anything else happens. Streams,
 * which are not, prepare their own.
 *
 * @since 0.1.0
 */
import type { DatabaseSync, StatementSync } from "node:sqlite"

export interface PreparedStatement {
  readonly statement: StatementSync
  /** Whether it gives rows; one that gives none can tell what it has changed. */
  readonly givesRows: boolean
}

export class StatementCache {
  private readonly database: DatabaseSync
  private readonly sizeMax: number
  /** In the order of their last use. */
  private readonly statements = new Map<string, PreparedStatement>()

  constructor(database: DatabaseSync, sizeMax: number) {
    this.database = database
    this.sizeMax = sizeMax
  }

  /** Returns the statement with this text, which no one else may hold meanwhile; throws what `prepare` does. */
  get(sql: string): PreparedStatement {
    const prepared = this.statements.get(sql) ?? prepare(this.database, sql)
    this.statements.delete(sql)
    this.statements.set(sql, prepared)
    if (this.statements.size > this.sizeMax) this.forgetOldest()
    return prepared
  }

  /** How many are kept. */
  get size(): number {
    return this.statements.size
  }

  private forgetOldest(): void {
    for (const [sql] of this.statements) {
      this.statements.delete(sql)
      return
    }
  }
}

/** Prepares a statement that nobody else will get; throws on a text with more than one. */
export const prepare = (database: DatabaseSync, sql: string): PreparedStatement => {
  const statement = database.prepare(sql)
  // SQLite prepares the first of several statements, and would silently leave out the others.
  if (!saysNothing.test(sql.slice(statement.sourceSQL.length))) throw new SeveralStatements()
  return { statement, givesRows: statement.columns().length > 0 }
}

export class SeveralStatements extends TypeError {
  override readonly name = "SeveralStatements"
  constructor() {
    super("the text holds more than one statement, of which only the first would run")
  }
}

// Space, semicolons, comments.
const saysNothing = /^(?:\s|;|--[^\n]*(?:\n|$)|\/\*(?:(?!\*\/)[^])*(?:\*\/|$))*$/
