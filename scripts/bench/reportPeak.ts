/**
 * Preloaded into a process by `Command.peakMiB`: writes down the peak of its memory when it exits.
 */
import { writeFileSync } from "node:fs"

process.on("exit", () => {
  const file = process.env.BENCH_PEAK_FILE
  if (file !== undefined) writeFileSync(file, String(process.resourceUsage().maxRSS))
})
