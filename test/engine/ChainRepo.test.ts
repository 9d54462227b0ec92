import { layer } from "@effect/vitest"
import { ChainRepo } from "../../src/engine/ChainRepo.ts"
import { ChainRepoSuite } from "../../src/testing/index.ts"

layer(ChainRepo.layerMemory)("ChainRepo, in memory", (it) => {
  for (const [name, test] of Object.entries(ChainRepoSuite.tests)) it.effect(name, () => test)
})
