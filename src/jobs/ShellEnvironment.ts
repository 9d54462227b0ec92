/**
 * The environment a shell job's command runs with: the engine's own, the job's data, the job's `env` and what names the
 * try, later ones over earlier ones.
 *
 * Each key of the job's data becomes `JOBCHAIN_DATA_<KEY>` where a variable can hold it. What is left out here is in the
 * file `JOBCHAIN_DATA`, as is all the rest.
 *
 * @since 0.1.0
 */
import type { JobData } from "../domain/JobData.ts"
import type { JobContext } from "../engine/JobContext.ts"
import type { JobFiles } from "./JobFiles.ts"
import type { Environment } from "./ProcessGroup.ts"

/** Returns the environment of a try. `data` is the job's data, `own` the `env` of its args. */
export const make = (context: JobContext, data: JobData, files: JobFiles, own: Environment): Environment =>
  // Onto one object: copies of the environment are most of what a short command leaves for the garbage collector.
  Object.assign(inherited(process.env), variablesOf(data), own, {
    JOBCHAIN_DATA: files.data,
    JOBCHAIN_OUTPUT: files.output,
    JOBCHAIN_REQUEST_ID: context.requestId,
    JOBCHAIN_JOB_ID: context.jobId,
    JOBCHAIN_TRY: String(context.try),
    JOBCHAIN_IDEMPOTENCY_KEY: context.idempotencyKey
  })

const prefix = "JOBCHAIN_DATA_"

// Where the engine itself runs in a shell job, the data of that job is not the data of its own jobs.
const inherited = (environment: Environment): Record<string, string | undefined> => {
  const variables: Record<string, string | undefined> = {}
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(prefix)) variables[name] = environment[name]
  }
  return variables
}

/** Linux takes no longer string, with name, `=` and a closing NUL, and `exec` fails with E2BIG. */
const variableBytesMax = 128 * 1024

/** Of all variables together; systems take between 256 KiB (with the arguments) and 2 MiB. */
const variablesBytesMax = 128 * 1024

/** Returns the variables for a job's data. Left out: values that do not fit, and all keys that would share a name. */
export const variablesOf = (data: JobData): Readonly<Record<string, string>> => {
  const names = new Set<string>()
  const shared = new Set<string>()
  for (const name of Object.keys(data).map(nameOf)) (names.has(name) ? shared : names).add(name)
  const variables: Record<string, string> = {}
  let bytesLeft = variablesBytesMax
  for (const [key, value] of Object.entries(data)) {
    const name = nameOf(key)
    const text = typeof value === "string" ? value : JSON.stringify(value)
    if (shared.has(name) || text === undefined || text.includes("\0")) continue
    const bytes = Buffer.byteLength(name) + Buffer.byteLength(text) + 2
    if (bytes > variableBytesMax || bytes > bytesLeft) continue
    bytesLeft -= bytes
    variables[name] = text
  }
  return variables
}

const nameOf = (key: string): string => prefix + key.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")
