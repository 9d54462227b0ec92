import { layer } from "@effect/vitest"
import { RequestManager } from "../../src/engine/RequestManager.ts"
import { RequestManagerSuite } from "../../src/testing/index.ts"

layer(RequestManager.layerMemory)("RequestManager, in memory", (it) => {
  for (const [name, test] of Object.entries(RequestManagerSuite.tests)) it.effect(name, () => test)
})
