/**
 * Opens the store for a command, and says clearly why where it cannot be used.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import * as Path from "node:path"
import type { Services } from "../storage/Store.ts"
import { BadInput } from "./BadInput.ts"
import * as Layers from "./Layers.ts"
import type { Database } from "./StoreLocation.ts"
import * as StoreLocation from "./StoreLocation.ts"

/** Runs an effect with the store open, which is made where it is not there. */
export const use = <A, E, R>(
  database: Database,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | BadInput, Exclude<R, Services>> => {
  const unusable = (cause: Cause.Cause<unknown>) => new BadInput({ message: explain(database, Cause.squash(cause)) })
  const opened = Effect.scoped(Effect.gen(function*() {
    yield* prepare(database)
    const context = yield* Effect.catchCause(
      Layer.build(Layers.store(database)),
      (cause) =>
        Cause.hasInterrupts(cause) ? Effect.failCause(cause as Cause.Cause<never>) : Effect.fail(unusable(cause))
    )
    return yield* Effect.provideContext(effect, context)
  }))
  // Also of the store's own end.
  return Effect.catchCause(opened, (cause) => isOfStore(cause) ? Effect.fail(unusable(cause)) : Effect.failCause(cause))
}

/** Runs an effect with a store that is there open; fails where there is none. */
export const useExisting = <A, E, R>(database: Database, effect: Effect.Effect<A, E, R>) =>
  exists(database)
    ? use(database, effect)
    : Effect.fail(
      new BadInput({ message: `${StoreLocation.shown(database)}: there is no such store${hint(database)}` })
    )

/** Whether there is anything in the place of the store. */
export const exists = (database: Database): boolean => StoreLocation.isServer(database) || existsSync(database.location)

/** Whether the store itself has failed, rather than what used it. */
export const isOfStore = (cause: Cause.Cause<unknown>): boolean => {
  const error = Cause.squash(cause)
  return typeof error === "object" && error !== null && "_tag" in error && error._tag === "StorageFailed"
}

const hint = ({ isDefault }: Database): string =>
  isDefault ? ". It is made by the first run in a folder; --db names one elsewhere" : ""

/** The folder of the default is made, and keeps itself out of version control; one that was named has to be there. */
const prepare = ({ isDefault, location }: Database): Effect.Effect<void, BadInput> =>
  Effect.try({
    try: () => {
      const folder = Path.dirname(location)
      if (!isDefault || existsSync(folder)) return
      mkdirSync(folder)
      writeFileSync(Path.join(folder, ".gitignore"), "*\n")
    },
    catch: (error) => {
      const message = `The store cannot be made here: ${(error as Error).message}. ` +
        `--db puts it elsewhere, --memory does without`
      return new BadInput({ message })
    }
  })

const explain = (database: Database, error: unknown): string => {
  const name = StoreLocation.shown(database)
  if (!(error instanceof Error)) return `${name}: ${String(error)}`
  if ("code" in error && error.code === "ERR_UNKNOWN_BUILTIN_MODULE") {
    return "This Node has no SQLite (node:sqlite), which the store needs: --memory does without"
  }
  return error.message.includes(name) ? error.message : `${name}: ${error.message}`
}
