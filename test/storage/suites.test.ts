import { layer } from "@effect/vitest"
import { ChainRepoSuite, RequestManagerSuite } from "../../src/testing/index.ts"
import * as TestStore from "./TestStore.ts"

layer(TestStore.layer)("ChainRepo, in a database", (it) => {
  for (const [name, test] of Object.entries(ChainRepoSuite.tests)) it.effect(name, () => test)
})

layer(TestStore.layer)("RequestManager, in a database", (it) => {
  for (const [name, test] of Object.entries(RequestManagerSuite.tests)) it.effect(name, () => test)
})
