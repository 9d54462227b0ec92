/**
 * What is wrong with a chain file: every fault with its line and column.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** Schema for what is wrong at one place of a file. Line and column are counted from 1. */
export const FileFault = Schema.Struct({
  file: Schema.String,
  line: Schema.Number,
  column: Schema.Number,
  message: Schema.String,
  /** What was probably meant. */
  hint: Schema.optionalKey(Schema.String)
})
export type FileFault = typeof FileFault.Type

/** The file holds no chain that can run: every fault, in the order of the file. */
export class ChainFileError extends Schema.TaggedError<ChainFileError>()("ChainFileError", {
  file: Schema.String,
  faults: Schema.Array(FileFault)
}) {
  override get message(): string {
    return this.faults.map(describe).join("\n")
  }
}

const describe = ({ column, file, hint, line, message }: FileFault): string =>
  `${file}:${line}:${column}: ${message}${hint === undefined ? "" : `; ${hint}`}`

/** Returns the error of a file, its faults sorted by their place. */
export const make = (file: string, faults: ReadonlyArray<Omit<FileFault, "file">>): ChainFileError =>
  new ChainFileError({
    file,
    faults: faults.map((fault) => ({ file, ...fault })).toSorted((left, right) =>
      left.line - right.line || left.column - right.column
    )
  })
