/**
 * What the compiler sees of job data in a chain that is built: that what a job needs is set by something before it.
 *
 * It sees keys, not the types of their values. Where it does not see what may be set it is silent, and leaves the chain to the
 * check at run time: after a command, a sequence, a job whose type is named by a text or does not say what it sets, and after
 * more than `RoundsMax` needs in a row.
 *
 * @since 0.1.0
 */

/**
 * What is to stand in an entry so that the compiler refuses one that needs what nothing before it sets. `Around` is what is
 * set before the level, `string` where that may be anything.
 */
export type WithData<Jobs, Key extends keyof Jobs, Around extends string> = MissingKeys<Jobs, Key, Around> extends
  infer Missing extends string ? [Missing] extends [never] ? unknown
  : { readonly type: `needs "${Missing}" in its data, which nothing before it sets` }
  : unknown

/** The keys that are set before what is in a sequence. */
export type SetAround<Jobs, Key extends keyof Jobs, Around extends string> =
  | SetBefore<Jobs, NamesNeeded<Jobs[Key]>, Around>
  | ItemOf<Jobs[Key]>

type MissingKeys<Jobs, Key extends keyof Jobs, Around extends string> = NeededBy<Jobs[Key]> extends
  infer Needed extends string ? [Needed] extends [never] ? never
  : Exclude<Needed, SetBefore<Jobs, NamesNeeded<Jobs[Key]>, Around> | ItemOf<Jobs[Key]> | DataOf<Jobs[Key]>>
  : never

/** What a union of names leads to, from need to need. */
type SetBefore<Jobs, Names, Around extends string> = Before<Jobs, Names> extends infer All
  ? Around | ([All] extends [keyof Jobs] ? SetBy<Jobs[All]> : string)
  : string

/** All names that a union of names leads to; `unknown` where they lead out of the level or too far. */
type Before<Jobs, Names, Seen = never, Rounds extends ReadonlyArray<unknown> = []> = [Names] extends [never] ? Seen
  : Rounds["length"] extends RoundsMax ? unknown
  : [Names] extends [keyof Jobs]
    ? Before<Jobs, Exclude<NamesNeeded<Jobs[Names]>, Seen | Names>, Seen | Names, [...Rounds, unknown]>
  : unknown

/** The compiler itself gives up with an error at twenty times as many. */
type RoundsMax = 50

type NamesNeeded<Entry> = Entry extends { readonly needs: infer Names }
  ? Names extends ReadonlyArray<infer Name> ? Name : Names
  : never

type NeededBy<Entry> = Entry extends { readonly type: { readonly "~needs"?: infer Keys } }
  ? string extends Keys ? never : Extract<Keys, string>
  : never

type SetBy<Entry> = Entry extends { readonly type: infer Type }
  ? DataOf<Entry> | ("~sets" extends keyof Type ? Extract<Type["~sets"], string> : string)
  : string

type DataOf<Entry> = Entry extends { readonly data: infer Data } ? keyof Data & string : never

/**
 * Args in which `${…}` may stand for an item, or a field of one, of the lists around, whose variables are `Items`: in place of any
 * value, as it becomes the item itself.
 */
export type WithItems<Args, Items extends string> = [Items] extends [never] ? Args
  : unknown extends Args ? Args
  : { readonly [Key in keyof Args]: OrItem<Args[Key], Items> }

type OrItem<Value, Items extends string> =
  | Value
  | `\${${Items}}`
  | `\${${Items}.${string}}`
  | (Value extends string ? never
    : Value extends object ? { readonly [Key in keyof Value]: OrItem<Value[Key], Items> }
    : never)

/** The key of the item in the data of what is repeated. */
export type ItemOf<Entry> = Entry extends { readonly each: infer Each }
  ? Each extends { readonly as: infer Variable extends string } ? Variable : "item"
  : never
