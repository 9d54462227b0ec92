import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { execFile, type ExecFileException } from "node:child_process"
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { builtinModules } from "node:module"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import packageJson from "../package.json" with { type: "json" }
import { importsOf, parseProgram } from "../scripts/imports.ts"

const root = Path.join(import.meta.dirname, "..")
const consumer = mkdtempSync(Path.join(tmpdir(), "jobchain-consumer-"))
const tarball = Path.join(consumer, `jobchain-${packageJson.version}.tgz`)

interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command with the Node that runs the tests, and never fails. */
const run = (cwd: string, command: string, ...args: ReadonlyArray<string>): Promise<Ran> =>
  new Promise((resolve) => {
    const PATH = [Path.dirname(process.execPath), process.env.PATH].join(Path.delimiter)
    const report = (error: ExecFileException | null, stdout: string, stderr: string) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? -1), stdout, stderr })
    execFile(command, args, { cwd, env: { ...process.env, PATH }, shell: process.platform === "win32" }, report)
  })

const succeeds = async (ran: Promise<Ran>): Promise<string> => {
  const { exitCode, stderr, stdout } = await ran
  assert.strictEqual(exitCode, 0, stdout + stderr)
  return stdout.trim()
}

/** Returns how many milliseconds a run of Node takes. */
const timed = async (...args: ReadonlyArray<string>) => {
  const start = performance.now()
  await succeeds(run(root, "node", ...args))
  return performance.now() - start
}

const bin = (name: string) => Path.join(root, "node_modules/.bin", name)

describe("the packed package", () => {
  beforeAll(async () => {
    writeFileSync(Path.join(consumer, "package.json"), `{ "private": true, "type": "module" }\n`)
    await succeeds(run(root, "npm", "pack", "--ignore-scripts", "--pack-destination", consumer))
    const effect = `effect@${packageJson.devDependencies.effect}`
    await succeeds(run(consumer, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", tarball, effect))
  })

  afterAll(() => rmSync(consumer, { recursive: true, force: true }))

  it("type-checks in a strict project that checks its libraries, and runs", async () => {
    writeFileSync(
      Path.join(consumer, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          target: "es2024",
          module: "nodenext",
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          types: []
        },
        files: ["main.ts"]
      })
    )
    writeFileSync(
      Path.join(consumer, "main.ts"),
      `import { Chain, ChainBuilder, JobType } from "jobchain"
import * as Testing from "jobchain/testing"

declare const console: { readonly log: (...texts: ReadonlyArray<string>) => void }
console.log([Chain, ChainBuilder, JobType, Testing].map((module) => typeof module).join(" "))
`
    )
    await succeeds(run(consumer, bin("tsc"), "-p", "."))
    assert.strictEqual(await succeeds(run(consumer, "node", "main.js")), "object object object object")
  })

  it("loads node:sqlite for its storage only", async () => {
    const script = `import { registerHooks } from "node:module"
const seen = []
registerHooks({ resolve: (name, context, next) => (seen.push(name), next(name, context)) })
await import("jobchain")
console.log(seen.includes("node:sqlite"))
const { NodeSqlite } = await import("jobchain/storage")
console.log(seen.includes("node:sqlite"), typeof NodeSqlite.layer)`
    const printed = await succeeds(run(consumer, "node", "--input-type=module", "-e", script))
    assert.strictEqual(printed, "false\ntrue function")
  })

  it("needs the driver of PostgreSQL only where a store is opened in it, and says so", async () => {
    const script = `import { Effect, Layer, Redacted } from "effect"
import { Store } from "jobchain/storage"
const url = Redacted.make("postgres://localhost/jobs")
const error = await Effect.runPromise(Effect.flip(Effect.scoped(Layer.build(Store.layerPostgres({ url })))))
console.log(error.message)`
    assert.strictEqual(
      await succeeds(run(consumer, "node", "--input-type=module", "-e", script)),
      "A store in PostgreSQL needs the package @effect/sql-pg: install it"
    )
  })

  it("loads the language of conditions for its own entry only", async () => {
    const script = `import { registerHooks } from "node:module"
const seen = []
registerHooks({ resolve: (name, context, next) => (seen.push(name), next(name, context)) })
const { JobType, TraverserFactory } = await import("jobchain")
console.log(seen.includes("@marcbachmann/cel-js"))
const { CelConditions } = await import("jobchain/conditions")
console.log(seen.includes("@marcbachmann/cel-js"), typeof CelConditions.layer)`
    const printed = await succeeds(run(consumer, "node", "--input-type=module", "-e", script))
    assert.strictEqual(printed, "false\ntrue object")
  })

  it("brings the command", async () => {
    assert.strictEqual(
      await succeeds(run(consumer, "npx", "jobchain", "--version")),
      `jobchain v${packageJson.version}`
    )
  })

  it("brings no Node", () => {
    assert.deepStrictEqual(globSync("node_modules/{dev-node,node,node-*}", { cwd: consumer }), [])
  })

  it("depends on all that its modules import", () => {
    const declared = new Set([
      // Those that have no name without it, such as node:sqlite, are listed with it.
      ...builtinModules.map((name) => name.startsWith("node:") ? name : `node:${name}`),
      ...Object.keys(packageJson.dependencies),
      ...Object.keys(packageJson.peerDependencies)
    ])
    const modules = globSync("dist/**/*.{js,d.ts}", { cwd: root }).filter((file) => !/^dist.bin\b/.test(file))
    const undeclared = modules.flatMap((file) =>
      importsOf(parseProgram(file.replace(/\.js$/, ".ts"), readFileSync(Path.join(root, file), "utf8")))
        .map(({ specifier }) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? "")
        .filter((name) => !name.startsWith(".") && !declared.has(name))
        .map((name) => `${file} imports ${name}`)
    )
    assert.deepStrictEqual(undeclared, [])
  })

  it("satisfies publint", async () => {
    await succeeds(run(root, bin("publint"), "run", tarball, "--strict"))
  })

  it("satisfies Are The Types Wrong?", async () => {
    await succeeds(run(root, bin("attw"), tarball, "--profile", "esm-only"))
  })
})

describe("the built command", () => {
  const command = Path.join(root, "dist/bin.js")

  it("says which Node it needs, and exits 2", async () => {
    const pretend =
      `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"22.18.0"}})`
    assert.deepStrictEqual(await run(root, "node", "--import", pretend, command, "--version"), {
      exitCode: 2,
      stdout: "",
      stderr: "jobchain needs Node 22.19 or newer; this is 22.18.0\n"
    })
  })

  // Goal: a start that nobody notices. Method: medians of alternating runs, as the machine's speed changes meanwhile.
  it("shows its help in at most four times the start of Node", async () => {
    const rounds: Array<{ readonly node: number; readonly help: number }> = []
    for (let round = 0; round < 9; round++) {
      rounds.push({ node: await timed("-e", "0"), help: await timed(command, "--help") })
    }
    const median = (of: "node" | "help") => rounds.map((round) => round[of]).toSorted((a, b) => a - b)[4] ?? 0
    assert.isAtMost(median("help"), 4 * median("node"))
  })

  it("comes with the licences of what it bundles", () => {
    assert.isTrue(existsSync(Path.join(root, "dist/bin/LICENSES.txt")))
  })
})
