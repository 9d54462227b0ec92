/**
 * Checks who may import whom inside `src`, and prints each violation as `file:line: why`.
 *
 * `npm run rooms` runs it on the project, `test/rooms.test.ts` on fixtures. The table below is the one of the
 * README; to change the architecture, change both. Type imports count like any other: a module that needs only
 * the type of its caller is still tied to it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { isBuiltin } from "node:module"
import * as Path from "node:path"
import { importsOf, parseProgram } from "./imports.ts"

/** A source file, its path relative to the project with forward slashes. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

export interface Violation {
  readonly file: string
  readonly line: number
  readonly why: string
}

interface Room {
  /** The rooms whose files this one may import, beside its own; `"all"` for those that wire the rest. */
  readonly mayImport: ReadonlyArray<string> | "all"
  /** Only stable modules of `effect`: no other package, nothing of Node. */
  readonly stableEffectOnly?: boolean
}

const rooms: Readonly<Record<string, Room>> = {
  "domain": { mayImport: [], stableEffectOnly: true },
  "engine": { mayImport: ["domain"], stableEffectOnly: true },
  "spec": { mayImport: ["domain"] },
  "jobs": { mayImport: ["engine", "domain"] },
  "conditions": { mayImport: ["engine"] },
  "storage": { mayImport: ["engine", "domain"] },
  // Chain files come in by the server; its clients send what is already a job chain.
  "http": { mayImport: ["engine", "domain"] },
  "http server": { mayImport: ["engine", "domain", "spec", "http"] },
  "cluster": { mayImport: ["engine", "domain"] },
  "testing": { mayImport: ["engine", "domain", "spec"] },
  "cli": { mayImport: "all" },
  "bin.ts": { mayImport: "all" },
  "index.ts": { mayImport: ["domain", "engine", "spec", "jobs"] }
}

/** The package's entry points, the only files that may consist of re-exports. */
const entryPoint = /^src\/(?:(?:cluster|conditions|http|storage|testing)\/)?index\.ts$/

/** Answers whether a module of `effect` (`"effect/Graph"`) is tagged stable by its authors. */
export type IsStable = (module: string) => boolean

/** Returns every violation in `files`, in the order of files and lines. */
export const check = (files: ReadonlyArray<SourceFile>, isStable: IsStable): ReadonlyArray<Violation> => {
  const modules = files.map(parse)
  const paths = new Set(files.map((file) => file.path))
  return [
    ...modules.flatMap((module) => [
      ...livesInARoom(module),
      ...isNoBarrel(module),
      ...module.imports.flatMap((edge) => [
        ...staysInRoom(module, edge, paths),
        ...staysOnStableEffect(module, edge, isStable)
      ])
    ]),
    ...cycles(modules)
  ].toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line)
}

interface Import {
  readonly line: number
  readonly specifier: string
  /** The path in the project of a relative specifier. */
  readonly target: string | undefined
  /** What is imported by name; empty for `import *` and for `import("…")`. */
  readonly names: ReadonlyArray<string>
}

interface Module {
  readonly path: string
  readonly imports: ReadonlyArray<Import>
  readonly onlyReexports: boolean
}

const parse = ({ path, text }: SourceFile): Module => {
  const program = parseProgram(path, text)
  return {
    path,
    imports: importsOf(program).map(({ names, specifier, start }) => ({
      line: text.slice(0, start).split("\n").length,
      specifier,
      target: specifier.startsWith(".") ? Path.posix.join(Path.posix.dirname(path), specifier) : undefined,
      names
    })),
    onlyReexports: program.body.length > 0 && program.body.every(isReexport)
  }
}

const isReexport = (node: { readonly type: string; readonly source?: unknown }): boolean =>
  node.type === "ExportAllDeclaration" || (node.type === "ExportNamedDeclaration" && node.source != null)

const roomOf = (path: string): string => {
  const room = path.split("/")[1] ?? ""
  return room === "http" && /^src\/http\/.*server/i.test(path) ? "http server" : room
}

const livesInARoom = ({ path }: Module): ReadonlyArray<Violation> =>
  Object.hasOwn(rooms, roomOf(path))
    ? []
    : [{ file: path, line: 1, why: `no room is called ${roomOf(path)}; the rooms are in scripts/rooms.ts` }]

const isNoBarrel = ({ onlyReexports, path }: Module): ReadonlyArray<Violation> =>
  onlyReexports && !entryPoint.test(path)
    ? [{ file: path, line: 1, why: "only re-exports; import from the files themselves" }]
    : []

const staysInRoom = (
  module: Module,
  { line, specifier, target }: Import,
  paths: ReadonlySet<string>
): ReadonlyArray<Violation> => {
  if (target === undefined) return []
  const violation = (why: string) => [{ file: module.path, line, why }]
  // Data such as package.json lies outside of the rooms.
  if (!target.startsWith("src/")) {
    return target.endsWith(".ts") ? violation(`${specifier} is outside of src`) : []
  }
  if (!paths.has(target)) return violation(`${specifier} is no file of the project; imports end in .ts`)
  const from = roomOf(module.path)
  const to = roomOf(target)
  const mayImport = rooms[from]?.mayImport ?? []
  if (from === to || mayImport === "all" || mayImport.includes(to)) return []
  return violation(`${from} must not import ${to} (${specifier})`)
}

const staysOnStableEffect = (
  module: Module,
  { line, names, specifier, target }: Import,
  isStable: IsStable
): ReadonlyArray<Violation> => {
  const from = roomOf(module.path)
  if (target !== undefined || rooms[from]?.stableEffectOnly !== true) return []
  const violation = (why: string) => ({ file: module.path, line, why })
  if (isBuiltin(specifier)) return [violation(`${from} must not import Node's ${specifier}`)]
  if (!/^effect(?:\/|$)/.test(specifier)) return [violation(`${from} must not import the package ${specifier}`)]
  return modulesOf(specifier, names)
    .filter((name) => !isStable(name))
    .map((name) => violation(`${from} must not import ${name}, which Effect does not call stable`))
}

/** `import { Graph } from "effect"` loads `effect/Graph`; functions such as `pipe` live in `effect/Function`. */
const modulesOf = (specifier: string, names: ReadonlyArray<string>): ReadonlyArray<string> =>
  specifier === "effect" ? names.filter((name) => /^[A-Z]/.test(name)).map((name) => `effect/${name}`) : [specifier]

/** Returns one violation for each import that closes a cycle, with the way round. */
const cycles = (modules: ReadonlyArray<Module>): ReadonlyArray<Violation> => {
  const byPath = new Map(modules.map((module) => [module.path, module]))
  const finished = new Set<string>()
  const found: Array<Violation> = []
  const walk = (module: Module, trail: ReadonlyArray<string>): void => {
    for (const { line, target } of module.imports) {
      const next = target === undefined ? undefined : byPath.get(target)
      if (next === undefined) continue
      const at = trail.indexOf(next.path)
      if (at >= 0) {
        const way = [...trail.slice(at), next.path].map((path) => path.replace("src/", "")).join(" → ")
        found.push({ file: module.path, line, why: `import cycle: ${way}` })
      } else if (!finished.has(next.path)) walk(next, [...trail, next.path])
    }
    finished.add(module.path)
  }
  for (const module of modules) if (!finished.has(module.path)) walk(module, [module.path])
  return found
}

const root = Path.join(import.meta.dirname, "..")

/** Reads the project's own sources. */
export const sources = (): ReadonlyArray<SourceFile> =>
  readdirSync(Path.join(root, "src"), { recursive: true, encoding: "utf8" })
    .map((path) => `src/${path.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".ts"))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(Path.join(root, path), "utf8") }))

/** Reads the tag in the header of the module in the installed `effect`. */
export const isStableInEffect: IsStable = (module) => {
  const source = Path.join(root, "node_modules/effect/src", module.replace(/^effect\/?/, ""))
  const file = [`${source}.ts`, Path.join(source, "index.ts")].find((path) => existsSync(path))
  return file !== undefined && /@stability (\w+)/.exec(readFileSync(file, "utf8"))?.[1] === "stable"
}

if (process.argv[1] === import.meta.filename) {
  const violations = check(sources(), isStableInEffect)
  for (const { file, line, why } of violations) console.error(`${file}:${line}: ${why}`)
  if (violations.length > 0) process.exitCode = 1
}
