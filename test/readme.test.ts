import { assert, describe, it } from "@effect/vitest"
import { checkReadme, examplesOf } from "../scripts/readme.ts"

const example = "```ts\nconsole.log(\"COMPLETE\") // prints: COMPLETE\n```\n"

const faultsOf = (text: string, exported: ReadonlyArray<string> = []): ReadonlyArray<string> =>
  checkReadme({ path: "README.md", text }, exported).map(({ line, what }) => `${line}: ${what}`)

describe("examplesOf", () => {
  it("finds the blocks of ts, their lines and what they print", () => {
    const text = `# jobchain\n\n${example}\n\`\`\`sh\nnpm ci\n\`\`\`\n\n\`\`\`ts\nexport const x = 1\n\`\`\`\n`
    assert.deepStrictEqual(examplesOf({ path: "README.md", text }), [
      {
        file: "README.md",
        line: 3,
        code: "console.log(\"COMPLETE\") // prints: COMPLETE\n",
        prints: ["COMPLETE"]
      },
      { file: "README.md", line: 11, code: "export const x = 1\n", prints: [] }
    ])
  })
})

describe("checkReadme", () => {
  it("asks for an example near the top", () => {
    const missing = ["1: has no example with \"// prints: \" in its first 15 lines of text"]
    assert.deepStrictEqual(faultsOf(`# jobchain\n\n${example}`), [])
    assert.deepStrictEqual(faultsOf(`# jobchain\n\n${"Words.\n".repeat(20)}\n${example}`), missing)
    assert.deepStrictEqual(faultsOf("# jobchain\n\n```ts\nexport const x = 1\n```\n"), missing)
  })

  it("asks for every export by name", () => {
    assert.deepStrictEqual(faultsOf(`${example}A \`Chain\` has JobTypes.\n`, ["Chain", "JobType"]), [
      "1: does not name JobType, which the package exports"
    ])
  })

  it("asks for at most 150 lines", () => {
    assert.deepStrictEqual(faultsOf(`${example}${"More.\n".repeat(147)}`), [])
    assert.deepStrictEqual(faultsOf(`${example}${"More.\n".repeat(148)}`), ["151: has 151 lines, and may have 150"])
  })
})
