/**
 * Chains as texts, and how jobchain and the bare parsers read them.
 */
import * as Result from "effect/Result"
import { parseDocument, stringify } from "yaml"
import * as Chain from "../../src/domain/Chain.ts"
import * as ChainFile from "../../src/spec/ChainFile.ts"
import * as Graph from "./Graph.ts"
import * as GraphWorkload from "./GraphWorkload.ts"
import * as WireChain from "./WireChain.ts"

export interface Form {
  /** Its ending says the format. */
  readonly file: string
  readonly textOf: (graph: Graph.Graph) => string
  /** The parser alone. */
  readonly parse: (text: string) => { readonly jobs?: object | null }
}

/** Reads, checks and compiles a chain; returns the number of its jobs. */
export const read = (text: string, { file }: Form): number => {
  const { jobChain } = Result.getOrThrow(ChainFile.parse(text, { file }))
  return Chain.make(jobChain).jobs.length
}

const specOf = (graph: Graph.Graph): { readonly name: string; readonly jobs: object } => ({
  name: "bench",
  jobs: Object.fromEntries(
    Graph.idsOf(graph).map((id, job) => {
      const needs = Array.from(Graph.parentsOf(graph, job), Graph.idOf)
      return [id, { type: "noop", ...(needs.length > 0 && { needs }) }]
    })
  )
})

const wireOf = (graph: Graph.Graph) => ({
  requestId: "bench",
  ...WireChain.make(graph, GraphWorkload.make([graph]))
})

export const json: Form = {
  file: "chain.json",
  textOf: (graph) => JSON.stringify(specOf(graph)),
  parse: JSON.parse
}

export const wire: Form = {
  file: "chain.json",
  textOf: (graph) => JSON.stringify(wireOf(graph)),
  parse: JSON.parse
}

export const yaml: Form = {
  file: "chain.yaml",
  textOf: (graph) => stringify(specOf(graph)),
  // With the options of `YamlDocument`.
  parse: (text) => parseDocument(text, { merge: true, prettyErrors: false, uniqueKeys: false }).toJS()
}
