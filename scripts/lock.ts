/**
 * Completes `package-lock.json` with platform packages that npm left out; run `npm run lock` after `npm install`.
 *
 * Tools such as dprint come with one optional package for each platform. Where the registry is a mirror that lacks
 * those of other platforms, npm leaves them out of the lock file and then refuses `npm ci`, because the lock file is
 * out of sync. Name, version and platform are all it needs to skip them. They are locked without a checksum, so that
 * such a platform installs them by name and version alone.
 */
import { readFileSync, writeFileSync } from "node:fs"
import * as Path from "node:path"

interface Locked {
  readonly dev?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const platform =
  /[-/](android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64)(?:-(?:glibc|(musl|gnu)))?/

const file = Path.join(import.meta.dirname, "../package-lock.json")
const lock: { packages: Record<string, object> } = JSON.parse(readFileSync(file, "utf8"))

const missing = Object.entries<Locked>(lock.packages).flatMap((
  [dependent, { dev = false, optionalDependencies = {} }]
) =>
  Object.entries(optionalDependencies).flatMap(([name, version]) => {
    const [, os, cpu, libc] = platform.exec(name) ?? []
    if (os === undefined || `node_modules/${name}` in lock.packages) return []
    if (`${dependent}/node_modules/${name}` in lock.packages) return []
    const entry = {
      version,
      cpu: [cpu],
      ...(dev ? { dev } : {}),
      ...(libc === "musl" ? { libc: ["musl"] } : {}),
      optional: true,
      os: [os]
    }
    return [[`node_modules/${name}`, entry] as const]
  })
)

const [root, ...packages] = [...Object.entries(lock.packages), ...missing]
if (missing.length > 0 && root !== undefined) {
  const sorted = packages.toSorted(([a], [b]) => a.localeCompare(b, "en"))
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries([root, ...sorted]) }, null, 2)}\n`)
}
