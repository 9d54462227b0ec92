/**
 * Sees to it that no process group of a job outlives the engine, however the engine ends.
 *
 * Ending in an orderly way (`process.exit`, an uncaught exception), the engine kills them itself. It may also be killed, or
 * die by a signal nobody listens to. So there is a small `sh` beside it, started with the first job, which is told of each
 * group and reads from a pipe that closes with the engine; it then kills what is left and removes the job files.
 *
 * Not covered: a group started in the very moment the engine is killed, and a process that left its group (`setsid`).
 *
 * @since 0.1.0
 */
import { spawn } from "node:child_process"
import type { Socket } from "node:net"
import * as GroupSignal from "./GroupSignal.ts"
import * as JobFiles from "./JobFiles.ts"

/** Notes that the group led by `pid` runs. */
export const started = (pid: number): void => {
  if (!watchesExit) {
    watchesExit = true
    process.on("exit", endAll)
  }
  running.add(pid)
  if (tell === undefined) tell = startWatching()
  else tell(`+ ${pid}\n`)
}

/** Notes that nothing is left of the group led by `pid`. */
export const ended = (pid: number): void => {
  running.delete(pid)
  tell?.(`- ${pid}\n`)
}

const running = new Set<number>()
let watchesExit = false
let tell: ((line: string) => void) | undefined

const endAll = (): void => {
  for (const pid of running) GroupSignal.send(pid, "SIGKILL")
  JobFiles.removeDirectory()
}

const script = `
running=" "
while read -r sign pid; do
  case $sign in
    +) running="$running$pid " ;;
    -) running=\${running%% $pid *}" "\${running#* $pid } ;;
  esac
done
for pid in $running; do kill -9 "-$pid"; done
rm -rf "$1"
`

// Should it be gone itself, the next job starts another one.
const forget = (): void => {
  tell = undefined
}

/** Starts the `sh`, tells it of all that runs, and returns what tells it more. */
const startWatching = (): (line: string) => void => {
  // In a session of its own, as the terminal's Ctrl-C ends the engine and must not end this.
  const child = spawn("sh", ["-c", script, "jobchain-watchdog", JobFiles.directory()], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"]
  })
  const pipe = child.stdin as Socket
  // The engine does not wait for it to end.
  child.unref()
  pipe.unref()
  child.once("error", forget)
  child.once("exit", forget)
  pipe.on("error", forget)
  for (const pid of running) pipe.write(`+ ${pid}\n`)
  return (line) => {
    pipe.write(line)
  }
}
