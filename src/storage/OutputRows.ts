/**
 * What jobs write, as rows of bounded size.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { OutputTail, TryKey } from "../engine/JobOutput.ts"
import * as Checksum from "./Checksum.ts"
import type { DamagedRow } from "./DamagedRow.ts"
import * as RowsStatement from "./RowsStatement.ts"
import * as Sql from "./Sql.ts"
import { decoding } from "./StoredChain.ts"
import type { Tables } from "./Tables.ts"

export interface Chunk {
  readonly stream: keyof OutputTail
  /** Its place in its stream, from 0. */
  readonly chunk: number
  readonly bytes: Uint8Array
  /** Not 0 for the one that says, in words, how many bytes were left out. */
  readonly leftOut: number
}

/** Returns the rows of chunks. */
export const insert = (chain: number, key: TryKey, chunks: ReadonlyArray<Chunk>): Sql.WriteRows =>
  Sql.rowsFor(
    insertChunks,
    chunks.map(({ bytes, chunk, leftOut, stream }) => [
      chain,
      key.jobId,
      key.try,
      stream,
      chunk,
      bytes,
      leftOut,
      Checksum.ofBytes(bytes, [chain, key.jobId, key.try, stream, chunk])
    ])
  )

const insertChunks = RowsStatement.insert({
  table: "jobchain_outputs",
  columns: {
    chain: "integer",
    job_id: "text",
    try: "integer",
    stream: "text",
    chunk: "integer",
    bytes: "bytes",
    left_out: "integer",
    checksum: "integer"
  },
  onConflict: "(chain, job_id, try, stream, chunk) DO NOTHING"
})

/** What is there already of a job, from earlier tries and from before a crash. */
export interface Kept {
  /** Of all the job's tries. */
  readonly bytes: number
  /** Of this try, by stream. */
  readonly chunks: Readonly<Record<keyof OutputTail, number>>
}

export function* selectKept(chain: number, key: TryKey): Sql.Script<Kept> {
  const rows = yield* Sql.all<
    { readonly try: number; readonly stream: string; readonly chunks: number; readonly bytes: number }
  >(
    `SELECT try, stream, max(chunk) + 1 AS chunks, sum(length(bytes)) AS bytes FROM jobchain_outputs
     WHERE chain = ? AND job_id = ? GROUP BY try, stream`,
    chain,
    key.jobId
  )
  const chunksOf = (stream: string) => rows.find((row) => row.try === key.try && row.stream === stream)?.chunks ?? 0
  return {
    bytes: rows.reduce((sum, row) => sum + row.bytes, 0),
    chunks: { stdout: chunksOf("stdout"), stderr: chunksOf("stderr") }
  }
}

/** How much a try has written so far to one of its streams. */
export interface Written extends TryKey {
  readonly stream: keyof OutputTail
  readonly chunks: number
}

/** Tells of every stream of a request, or of one of its jobs, that has something in it; of a try, stdout comes first. */
export function* selectWritten(requestId: string, jobId?: string): Sql.Script<ReadonlyArray<Written>> {
  const rows = yield* Sql.all<Omit<Written, "requestId">>(
    `SELECT o.job_id AS "jobId", o.try, o.stream, max(o.chunk) + 1 AS chunks
     FROM jobchain_outputs o JOIN jobchain_chains c ON c.number = o.chain
     WHERE c.request_id = ? ${jobId === undefined ? "" : "AND o.job_id = ?"} GROUP BY o.job_id, o.try, o.stream
     ORDER BY o.job_id, o.try, o.stream DESC`,
    ...(jobId === undefined ? [requestId] : [requestId, jobId])
  )
  return rows.map((row) => ({ requestId, ...row }))
}

/** Reads what a try has written so far, a chunk at a time, from the chunk of that number on. */
export const stream = (
  tables: Tables["Service"],
  key: TryKey,
  stream: keyof OutputTail,
  from = 0
): Stream.Stream<Uint8Array, DamagedRow> =>
  Stream.paginate(from, (chunk) =>
    Effect.gen(function*() {
      const row = yield* tables.read(() => selectChunk(key, stream, chunk))
      if (row === undefined) return [[], Option.none()] as const
      const { bytes, chain, checksum } = row
      const place = { table: "jobchain_outputs", requestId: key.requestId, jobId: key.jobId }
      yield* decoding(() => Checksum.checkBytes(checksum, bytes, [chain, key.jobId, key.try, stream, chunk], place))
      return [[bytes], Option.some(chunk + 1)] as const
    }))

const selectChunk = ({ jobId, requestId, try: jobTry }: TryKey, stream: keyof OutputTail, chunk: number) =>
  Sql.get<{ readonly bytes: Uint8Array; readonly chain: number; readonly checksum: number | null }>(
    `SELECT o.chain, o.bytes, o.checksum FROM jobchain_outputs o JOIN jobchain_chains c ON c.number = o.chain
     WHERE c.request_id = ? AND o.job_id = ? AND o.try = ? AND o.stream = ? AND o.chunk = ?`,
    requestId,
    jobId,
    jobTry,
    stream,
    chunk
  )
