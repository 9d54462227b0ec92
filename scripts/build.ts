/**
 * Builds `dist`: the library file by file, and the command as a bundle that has all it needs inside.
 *
 * `npm run build` runs it, npm's `prepare` does after `npm ci` and before packing, and the tests of the built
 * command do when `dist` is stale. The build happens in a folder of its own that then takes the place of `dist`, so
 * that a command running meanwhile, or a second build, never sees half of it.
 */
import { execFileSync } from "node:child_process"
import { chmodSync, existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import * as Path from "node:path"
import { build } from "rolldown"
import packageJson from "../package.json" with { type: "json" }

const root = Path.join(import.meta.dirname, "..")
const dist = Path.join(root, "dist")
const fresh = `${dist}.${process.pid}`

const main = async () => {
  try {
    buildLibrary()
    await buildCommand()
    takeThePlaceOfDist()
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

const buildLibrary = () => {
  const tsc = Path.join(root, "node_modules/typescript/bin/tsc")
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", fresh], { cwd: root, stdio: "inherit" })
}

/**
 * Bundled, so that it starts fast and needs no other package; what is imported dynamically becomes a chunk of its own.
 * Not minified: it would start 14 ms of 180 earlier, and its stack traces would be of no use.
 */
const buildCommand = async () => {
  const { output } = await build({
    input: { main: Path.join(root, "src/bin.ts") },
    platform: "node",
    output: {
      dir: Path.join(fresh, "bin"),
      format: "esm",
      comments: false,
      entryFileNames: "[name].js",
      chunkFileNames: "[name]-[hash].js"
    }
  })
  const modules = output.flatMap((chunk) => chunk.type === "chunk" ? chunk.moduleIds : [])
  writeFileSync(Path.join(fresh, "bin/LICENSES.txt"), licensesOf(modules))
  const bin = Path.join(fresh, "bin.js")
  writeFileSync(bin, launcher(packageJson.engines.node))
  chmodSync(bin, 0o755)
}

/** The bundle holds other people's code, whose licences ask to come along. */
const licensesOf = (modules: ReadonlyArray<string>): string => {
  const packages = new Set(
    modules.flatMap((module) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module.replaceAll("\\", "/")) ?? [])
  )
  return [...packages].toSorted().map((folder) => {
    const name = folder.replace(/^.*node_modules\//, "")
    const file = globSync("{LICENSE,LICENCE,License,license}*", { cwd: folder })[0]
    return `${name}\n\n${
      file === undefined ? declaredLicence(folder) : readFileSync(Path.join(folder, file), "utf8").trim()
    }\n`
  }).join(`\n${"-".repeat(80)}\n\n`)
}

/** Not every package carries the text of its licence. */
const declaredLicence = (folder: string): string => {
  const declared = JSON.parse(readFileSync(Path.join(folder, "package.json"), "utf8")) as {
    readonly license?: string
    readonly author?: string | { readonly name?: string }
  }
  if (declared.license === undefined) throw new Error(`${folder} is bundled and names no licence`)
  const author = typeof declared.author === "string" ? declared.author : declared.author?.name
  return `${declared.license}${author === undefined ? "" : `, by ${author}`}`
}

/** Says what is missing where an old Node would only show a syntax error; written so that old ones can read it. */
const launcher = (engines: string): string => {
  const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(engines) ?? []
  if (major === undefined) throw new Error(`engines.node is "${engines}", but should look like ">=22.19"`)
  return `#!/usr/bin/env node
import module from "node:module"

const [major, minor] = process.versions.node.split(".").map(Number)
if (major > ${major} || (major === ${major} && minor >= ${minor})) {
  module.enableCompileCache()
  await import("./bin/main.js")
} else {
  console.error(\`jobchain needs Node ${major}.${minor} or newer; this is \${process.versions.node}\`)
  process.exitCode = 2
}
`
}

const takeThePlaceOfDist = () => {
  const old = `${fresh}.old`
  if (existsSync(dist)) renameSync(dist, old)
  renameSync(fresh, dist)
  rmSync(old, { recursive: true, force: true })
}

await main()
