import { defineConfig } from "vitest/config"
import { BaseSequencer, type Reporter, type TestModule, type TestSpecification } from "vitest/node"

/** Tests that run the built package or command; they alone pay for a build, and only when `dist` is stale. */
const built = ["test/package.test.ts", "test/bin/**/*.test.ts", "test/cli/**/*.test.ts"]

/** Tests of a server, or of all kinds of databases: they run on a PostgreSQL that is started for them. */
const postgres = ["test/storage/postgres/**/*.test.ts", "test/bench/DurableWorkloads.test.ts"]
const anyDatabase = [
  "test/conformance/conformance.test.ts",
  "test/engine/properties.test.ts",
  "test/storage/{Outbox,Store,Writer,SqlJobOutput,claim,damage,freeze,kill,migrations,recovery,retry,signals,suites}.test.ts"
]

/** The longest ones, which are no large files: one that began last would keep all other workers waiting for its end. */
const longest = ["test/soak/Writes.test.ts", "test/storage/recovery.test.ts", "test/engine/properties.test.ts"]

class LongestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    // oxlint-disable-next-line unicorn/no-array-sort -- It is no array's.
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

const isLong = ({ moduleId }: TestSpecification): boolean => longest.some((name) => moduleId.endsWith(`/${name}`))

/** Ends the output with one plain line for machines; a file that cannot be loaded counts as a failed test. */
const closingLine: Reporter = {
  onTestRunEnd: (modules) => {
    const states = modules.flatMap(statesOf)
    const count = (state: string) => states.filter((other) => other === state).length
    const skipped = count("skipped") > 0 ? `, ${count("skipped")} skipped` : ""
    console.log(`Tests: ${count("passed")} passed, ${count("failed")} failed${skipped}`)
  }
}

const statesOf = (module: TestModule): ReadonlyArray<string> => {
  const states = Array.from(module.children.allTests(), (test) => test.result().state)
  return module.ok() || states.includes("failed") ? states : [...states, "failed"]
}

export default defineConfig({
  test: {
    reporters: ["default", closingLine],
    // Vitest leaves one core free, which is half of two; what tests wait for most is processes and disks.
    maxWorkers: "100%",
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        // A thousand random chains take seconds, on a busy machine more.
        test: { name: "source", include: ["test/**/*.test.ts"], exclude: [...built, ...postgres], testTimeout: 120_000 }
      },
      {
        extends: true,
        test: {
          name: "postgres",
          include: [...postgres, ...anyDatabase],
          globalSetup: ["test/storage/postgres/globalSetup.ts"],
          // Hundreds of stores are opened by some, each with connections of its own.
          testTimeout: 300_000
        }
      },
      {
        extends: true,
        test: {
          name: "built",
          include: built,
          globalSetup: ["scripts/ensureBuilt.ts", "test/storage/postgres/globalSetup.ts"],
          testTimeout: 60_000,
          hookTimeout: 180_000
        }
      }
    ]
  }
})
