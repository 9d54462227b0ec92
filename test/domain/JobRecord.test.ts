import { assert, describe, it } from "@effect/vitest"
import * as Chain from "../../src/domain/Chain.ts"
import * as DataFlow from "../../src/domain/DataFlow.ts"
import * as JobRecord from "../../src/domain/JobRecord.ts"
import * as Progress from "../../src/domain/Progress.ts"
import * as Rewind from "../../src/domain/Rewind.ts"
import { chainOf } from "../../src/testing/index.ts"

describe("restore", () => {
  it("lets the data of what completes from now on flow, after jobs the chain came with were rewound", () => {
    const wire = chainOf("a -> b d\nb -> e\nd -> f\nf -> e", {
      a: { state: 3 },
      b: { state: 3, sequenceId: "b", sequenceRetry: 1 }
    })
    const chain = Chain.make(wire)
    const job = (id: string) => chain.graph.indexOf.get(id) as number
    Rewind.rewind(chain, job("b"))
    const restored = Chain.make(wire)
    JobRecord.restore(restored, ["b", "e"].map((id) => JobRecord.make(chain, job(id))))
    Progress.start(restored, job("d"))
    DataFlow.write(restored.data, job("d"), { from: "d" })
    Progress.complete(restored, job("d"))
    assert.deepStrictEqual(Chain.jobData(restored, "f"), { from: "d" })
  })
})
