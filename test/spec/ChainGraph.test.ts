import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as ChainFile from "../../src/spec/ChainFile.ts"
import * as ChainGraph from "../../src/spec/ChainGraph.ts"

const chainOf = (jobs: object) =>
  Result.getOrThrow(ChainFile.parse(JSON.stringify({ jobs }), { file: "chain.json" })).jobChain

const release = chainOf({
  build: { run: "say \"<build>\" #1\nmore", retry: 2, retryWait: "5s" },
  rollout: {
    needs: "build",
    retry: 1,
    sequence: { push: { run: "./push.sh" }, checks: { needs: "push", sequence: { smoke: { run: "a\\b" } } } }
  }
})

describe("ChainGraph", () => {
  describe("render", () => {
    it("draws sequences in sequences for Mermaid, with names escaped", () => {
      assert.strictEqual(
        ChainGraph.render(release, "mermaid"),
        `flowchart TD
  n0["build<br/>say #quot;#lt;build>#quot; #35;1…<br/>retry 2 after 5s"]
  subgraph s1 ["sequence rollout.push, retry 1"]
    n1["rollout.push<br/>./push.sh"]
    subgraph s2 ["sequence rollout.checks.smoke"]
      n2["rollout.checks.smoke<br/>a\\b"]
    end
    n3["rollout.end<br/>noop"]
  end
  n0 --> n1
  n1 --> n2
  n2 --> n3
`
      )
    })

    it("says what a list will bring that is not known yet", () => {
      const chain = chainOf({
        find: { run: "find" },
        host: {
          needs: "find",
          each: "hosts",
          sequence: { stop: { run: "stop" }, start: { needs: "stop", run: "start" } }
        }
      })
      assert.strictEqual(
        ChainGraph.render(chain, "text"),
        "find\nhost  after find  2 jobs for each of hosts\nhost.end  after host\n"
      )
      assert.include(ChainGraph.render(chain, "mermaid"), `n1["host<br/>noop<br/>2 jobs for each of hosts"]`)
    })

    it("draws sequences in sequences for Graphviz, with names escaped", () => {
      assert.strictEqual(
        ChainGraph.render(release, "dot"),
        `digraph chain {
  node [shape=box]
  n0 [label="build\\nsay \\"<build>\\" #1…\\nretry 2 after 5s"]
  subgraph cluster_1 {
    label="sequence rollout.push, retry 1"
    n1 [label="rollout.push\\n./push.sh"]
    subgraph cluster_2 {
      label="sequence rollout.checks.smoke"
      n2 [label="rollout.checks.smoke\\na\\\\b"]
    }
    n3 [label="rollout.end\\nnoop"]
  }
  n0 -> n1
  n1 -> n2
  n2 -> n3
}
`
      )
    })

    it("writes jobs after those they wait for", () => {
      assert.strictEqual(
        ChainGraph.render(release, "text"),
        `build  retry 2 after 5s
sequence rollout.push, retry 1:
  rollout.push  after build
  sequence rollout.checks.smoke:
    rollout.checks.smoke  after rollout.push
  rollout.end  after rollout.checks.smoke
`
      )
      const backwards = chainOf({ last: { run: "x", needs: "first" }, first: { run: "x" } })
      assert.strictEqual(ChainGraph.render(backwards, "text"), "first\nlast  after first\n")
    })

    it("stays within 80 columns, whatever a job waits for", () => {
      const names = Array.from({ length: 50 }, (_, index) => `a-rather-long-name-${index}`)
      const text = ChainGraph.render(chainOf(Object.fromEntries(names.map((name) => [name, { run: "x" }]))), "text")
      assert.isAtMost(Math.max(...text.split("\n").map((line) => line.length)), 80)
      assert.include(text, "and 38 more")
    })
  })
})
