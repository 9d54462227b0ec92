/**
 * A Request Manager over HTTP that answers as the reference does, when it answers: some calls find it away, and some answers are lost.
 */
import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { json } from "node:stream/consumers"
import type { Dice } from "./Dice.ts"

/** What it holds of a request. */
export interface Held {
  /** `<job> <try>`, in the order in which they came. */
  readonly logs: Set<string>
  state: number | undefined
}

export class Manager {
  readonly held = new Map<string, Held>()
  /** Logs that came after the final state, or final states that differ. */
  outOfOrder = 0
  private readonly dice: Dice
  private readonly server = createServer((request, response) => void this.answer(request, response))

  constructor(dice: Dice) {
    this.dice = dice
  }

  /** Starts it, and returns its address. */
  async listen(): Promise<string> {
    this.server.listen(0, "127.0.0.1")
    await once(this.server, "listening")
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  close(): void {
    this.server.close()
    this.server.closeAllConnections()
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await json(request) as Body
      if (this.dice.next() < 0.05) return void response.writeHead(503).end()
      const [, id = "", call = ""] = /requests\/([^/]+)\/(\w+)$/.exec(request.url ?? "") ?? []
      const fault = this.hear(decodeURIComponent(id), call, body)
      if (this.dice.next() < 0.05) return void request.socket.destroy()
      response.writeHead(fault === undefined ? 200 : 500).end(JSON.stringify({ message: fault ?? "" }))
    } catch {
      // The worker was killed as it spoke.
      response.destroy()
    }
  }

  private hear(requestId: string, call: string, body: Body): string | undefined {
    const held = this.held.get(requestId) ?? { logs: new Set(), state: undefined }
    this.held.set(requestId, held)
    switch (call) {
      case "log": {
        const key = `${body.jobId} ${body.try}`
        if (held.logs.has(key)) return `Error 1062: Duplicate entry '${requestId}-${key}' for key 'PRIMARY'`
        if (held.state !== undefined) this.outOfOrder++
        held.logs.add(key)
        return undefined
      }
      case "finish":
        if (held.state === body.state) return `request in state ${stateNames[body.state ?? 0]}, expected state RUNNING`
        if (held.state !== undefined) this.outOfOrder++
        held.state = body.state
        return undefined
      default:
        return undefined
    }
  }
}

interface Body {
  readonly jobId?: string
  readonly try?: number
  readonly state?: number
}

const stateNames: Readonly<Record<number, string>> = { 3: "COMPLETE", 4: "FAIL", 6: "STOPPED" }
