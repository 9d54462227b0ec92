/**
 * Builds `dist` when a source is newer, for the tests that run the built package or command (vitest.config.ts).
 */
import { execFileSync } from "node:child_process"
import { globSync, statSync } from "node:fs"
import * as Path from "node:path"

const root = Path.join(import.meta.dirname, "..")
const sources = ["src/**/*.ts", "package.json", "tsconfig.json", "tsconfig.build.json", "scripts/build.ts"]

const changedAt = (file: string): number =>
  statSync(Path.join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY

/** Called by vitest once, before the first such test. */
export const setup = (): void => {
  const builtAt = changedAt("dist/bin.js")
  if (globSync(sources, { cwd: root }).every((source) => changedAt(source) < builtAt)) return
  execFileSync(process.execPath, ["scripts/build.ts"], { cwd: root, stdio: "inherit" })
}
