/**
 * A way to a server that can be cut: at any packet that a client sends, before the server gets it or after.
 */
import { Effect, type Scope } from "effect"
import { once } from "node:events"
import { connect, createServer, type Server, type Socket } from "node:net"

export class Proxy {
  /** Leads through the proxy. */
  readonly url: string
  /** How many packets clients have sent so far. */
  packets = 0
  /** Where to cut, once. */
  cut: { readonly packet: number; readonly when: "before" | "after" } | undefined
  private readonly sockets = new Set<Socket>()
  private readonly server: Server

  private constructor(server: Server, url: string) {
    this.server = server
    this.url = url
  }

  /** Opens a way to the server of `url` for the scope. */
  static make(url: string): Effect.Effect<Proxy, never, Scope.Scope> {
    return Effect.acquireRelease(
      Effect.promise(async () => {
        const server = createServer().listen(0, "127.0.0.1")
        await once(server, "listening")
        const to = new URL(url)
        const through = new URL(url)
        const address = server.address()
        through.port = String(typeof address === "object" ? address?.port : "")
        const proxy = new Proxy(server, through.href)
        server.on("connection", (client) => proxy.accept(client, Number(to.port)))
        return proxy
      }),
      (proxy) => Effect.sync(() => proxy.close())
    )
  }

  private accept(client: Socket, port: number): void {
    const server = connect(port, "127.0.0.1")
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      this.sockets.add(socket)
      // One end knows by the other's close.
      socket.on("error", () => {})
      socket.on("close", () => this.sockets.delete(socket))
    }
    server.on("data", (bytes) => client.write(bytes))
    server.on("close", () => client.destroy())
    client.on("close", () => server.end())
    client.on("data", (bytes) => {
      const isHere = ++this.packets === this.cut?.packet
      if (!isHere || this.cut?.when === "after") server.write(bytes)
      if (isHere) client.destroy()
    })
  }

  private close(): void {
    this.server.close()
    for (const socket of this.sockets) socket.destroy()
  }
}
