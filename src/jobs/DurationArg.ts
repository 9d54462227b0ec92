/**
 * Schema for a duration among a job's args: a Go duration such as `"1m30s"`, not below 0.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as GoDuration from "../domain/GoDuration.ts"

const isDuration = Schema.makeFilter((text: string) => text !== "" && (GoDuration.parse(text) ?? -1) >= 0, {
  expected: `a duration such as "300ms", "5s" or "1m30s"`
})

export const DurationArg: Schema.Codec<Duration.Duration, string> = Schema.String.check(isDuration).pipe(
  Schema.decodeTo(
    Schema.Duration,
    SchemaTransformation.transform({
      decode: (text) => Duration.millis(GoDuration.parse(text) ?? 0),
      encode: (duration) => GoDuration.format(Duration.toMillis(duration))
    })
  )
)
