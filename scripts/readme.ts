/**
 * Holds README.md and `docs/` to what they show, and prints each fault as `file:line: what`.
 *
 * Each block of `ts` stands alone and is type-checked against the built package. One with comments
 * `// prints: text` is run, too, and has to print exactly these texts, a line each. README.md has to begin with such an
 * example, to name every export of the package and to stay short.
 */
import { execFile, type ExecFileException } from "node:child_process"
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import * as Path from "node:path"
import { setup as ensureBuilt } from "./ensureBuilt.ts"
import { exportsOf, parseProgram } from "./imports.ts"

/** A page in Markdown, its path relative to the project. */
export interface Page {
  readonly path: string
  readonly text: string
}

export interface Fault {
  readonly file: string
  readonly line: number
  readonly what: string
}

/** A block of TypeScript in a page. */
export interface Example {
  readonly file: string
  /** The line of its opening fence, counted from 1. */
  readonly line: number
  readonly code: string
  /** The lines it prints; none if it is not meant to be run. */
  readonly prints: ReadonlyArray<string>
}

/** How many lines README.md may have, and in which of its lines with text its first example starts at the latest. */
const linesMax = 150
const firstExampleBy = 15

/** Returns the blocks of `ts` of a page. */
export const examplesOf = ({ path, text }: Page): ReadonlyArray<Example> =>
  [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ 1: code = "", index }) => ({
    file: path,
    line: lineAt(text, index),
    code,
    prints: [...code.matchAll(/\/\/ prints: (.*)$/gm)].map(([, printed = ""]) => printed)
  }))

/** Returns what is wrong with README.md itself, given the names that the package exports. */
export const checkReadme = (readme: Page, exported: ReadonlyArray<string>): ReadonlyArray<Fault> => {
  const lines = readme.text.trimEnd().split("\n")
  const first = examplesOf(readme).find(({ prints }) => prints.length > 0)
  const textBefore = lines.slice(0, first?.line).filter((line) => line.trim() !== "")
  const fault = (line: number, what: string) => ({ file: readme.path, line, what })
  return [
    ...(lines.length > linesMax ? [fault(linesMax + 1, `has ${lines.length} lines, and may have ${linesMax}`)] : []),
    ...(first === undefined || textBefore.length > firstExampleBy
      ? [fault(1, `has no example with "// prints: " in its first ${firstExampleBy} lines of text`)]
      : []),
    ...exported
      .filter((name) => !new RegExp(`\\b${name}\\b`).test(readme.text))
      .map((name) => fault(1, `does not name ${name}, which the package exports`))
  ]
}

/** Type-checks examples and runs those that print; `folder` is a new one inside the project. */
export const checkExamples = async (
  folder: string,
  examples: ReadonlyArray<Example>
): Promise<ReadonlyArray<Fault>> => {
  for (const example of examples) writeFileSync(Path.join(folder, fileOf(example)), linesAsInPage(example))
  writeFileSync(
    Path.join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../tsconfig.json",
      compilerOptions: { incremental: false, noUnusedLocals: false },
      include: ["*.ts"]
    })
  )
  const tsc = Path.join(root, "node_modules/typescript/bin/tsc")
  const { output } = await run(folder, tsc, "-p", ".", "--pretty", "false")
  const errors = [...output.matchAll(/^(.*?)\((\d+),\d+\): error (.*)$/gm)]
  const unchecked = output.trim() !== "" && errors.length === 0 ? [{ file: "docs", line: 1, what: output }] : []
  const runs = examples.filter(({ prints }) => prints.length > 0).map((example) => checkOutput(folder, example))
  return [
    ...unchecked,
    ...errors.map(([, name = "", line, what = ""]) => ({
      file: examples.find((example) => fileOf(example) === name)?.file ?? name,
      line: Number(line),
      what
    })),
    ...(await Promise.all(runs)).flat()
  ]
}

const checkOutput = async (folder: string, example: Example): Promise<ReadonlyArray<Fault>> => {
  const { exitCode, output } = await run(folder, fileOf(example))
  const expected = example.prints.join("\n")
  if (exitCode === 0 && output.trim() === expected) return []
  const what = `the example exits ${exitCode} and prints\n${output.trim()}\ninstead of\n${expected}`
  return [{ file: example.file, line: example.line, what }]
}

const fileOf = ({ file, line }: Example): string => `${file.replaceAll(/\W/g, "-")}-${line}.ts`

/** So that the compiler's line numbers are those of the page. */
const linesAsInPage = ({ code, line }: Example): string => `${"\n".repeat(line)}${code}`

const lineAt = (text: string, index: number): number => text.slice(0, index).split("\n").length

interface Ran {
  readonly exitCode: number
  readonly output: string
}

const run = (cwd: string, ...args: ReadonlyArray<string>): Promise<Ran> =>
  new Promise((resolve) => {
    const report = (error: ExecFileException | null, stdout: string, stderr: string) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? -1), output: `${stdout}${stderr}` })
    execFile(process.execPath, args, { cwd, timeout: 60_000 }, report)
  })

const root = Path.join(import.meta.dirname, "..")

const read = (path: string): Page => ({ path, text: readFileSync(Path.join(root, path), "utf8") })

const main = async (): Promise<ReadonlyArray<Fault>> => {
  if (!existsSync(Path.join(root, "README.md"))) return [{ file: "README.md", line: 1, what: "is missing" }]
  ensureBuilt()
  const index = read("src/index.ts")
  const pages = ["README.md", ...globSync("docs/**/*.md", { cwd: root }).toSorted()].map(read)
  // Inside the project, where Node and tsc know its own name.
  const folder = mkdtempSync(Path.join(root, "dist.examples-"))
  try {
    return [
      ...checkReadme(read("README.md"), exportsOf(parseProgram(index.path, index.text))),
      ...await checkExamples(folder, pages.flatMap(examplesOf))
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv[1] === import.meta.filename) {
  const faults = await main()
  for (const { file, line, what } of faults) console.error(`${file}:${line}: ${what}`)
  if (faults.length > 0) process.exitCode = 1
}
